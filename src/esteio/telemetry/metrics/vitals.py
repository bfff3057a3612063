"""What every process looks at by itself at its times: its event loop, what it uses, counts that wait to be told."""

import asyncio
import resource
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from esteio.telemetry.logs import log
from esteio.telemetry.metrics import processes
from esteio.telemetry.metrics.exemplars import OWN as EXEMPLARS

TICK = 0.5
TOLD_EVERY = 2
LOOKED_EVERY = 10
MEASURED_EVERY = 30
"""Ticks between looks: counts are told every second, the process is looked at every 5 s, the outside every 15 s."""

Tell = Callable[[], None]
Measure = Callable[[], Awaitable[object]]


class Vitals:
    """One per process. `tells` bring counters up to date, `measures` look at what may take a while.

    Counts that are told, as those of the limiter, are at most a second old when a process is killed; those that are
    counted where they happen, as requests, are exact.
    """

    def __init__(self, tells: Sequence[Tell] = (), measures: Sequence[Measure] = ()) -> None:
        self._tells = (*tells, EXEMPLARS.tell)
        self._measures = measures
        self._name = processes.OWN.name or "process"
        self._lags: deque[float] = deque(maxlen=MEASURED_EVERY)
        self._cpu = 0.0
        self._running: asyncio.Task[None] | None = None
        self._measuring: asyncio.Task[None] | None = None

    async def open(self) -> None:
        processes.start_time().labels(self._name).set(processes.OWN.since or time.time())
        self._look()
        self._running = asyncio.create_task(self._run(), name="vitals")

    async def close(self) -> None:
        for task in (self._running, self._measuring):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self._tell()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        beats = 0
        lag = processes.loop_lag().labels(self._name)
        while True:
            if beats % MEASURED_EVERY == 0 and (self._measuring is None or self._measuring.done()):
                self._measuring = asyncio.create_task(self._measure(), name="measures")
            expected = loop.time() + TICK
            await asyncio.sleep(TICK)
            late = max(0.0, loop.time() - expected)
            lag.observe(late)
            self._lags.append(late)
            beats += 1
            if beats % TOLD_EVERY == 0:
                self._tell()
            if beats % LOOKED_EVERY == 0:
                self._look()

    def _tell(self) -> None:
        processes.last_tick().labels(self._name).set(time.time())
        processes.longest_lag().labels(self._name).set(max(self._lags, default=0.0))
        for tell in self._tells:
            try:
                tell()
            except Exception:
                log("esteio.telemetry").exception("metrics.not_told")

    def _look(self) -> None:
        used, name = time.process_time(), self._name
        processes.cpu_seconds().labels(name).inc(used - self._cpu)
        self._cpu = used
        processes.resident_bytes().labels(name).set(processes.memory())
        processes.open_descriptors().labels(name).set(processes.descriptors())
        processes.most_descriptors().labels(name).set(resource.getrlimit(resource.RLIMIT_NOFILE)[0])

    async def _measure(self) -> None:
        for measure in self._measures:
            try:
                await measure()
            except Exception as error:
                log("esteio.telemetry").warning("metrics.not_measured", cause=f"{type(error).__name__}: {error}")
