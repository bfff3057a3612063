"""Several processes of one kind: started, replaced when they die, renewed one by one, ended together."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress

from esteio.telemetry.logs import log
from esteio.telemetry.metrics import forget_process

_START_WITHIN = 30.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_STEADY_AFTER = 30.0
REFUSED = 2


class Worker:
    """One process that works. It has started when it closes its side of the `started` pipe after one byte."""

    def __init__(self, process: asyncio.subprocess.Process, started: asyncio.Future[bool]) -> None:
        self.process = process
        self.started = started

    def end(self) -> None:
        with suppress(ProcessLookupError):
            self.process.terminate()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()


class Fleet:
    """One worker for each command. `patience` is how many seconds they have to end.

    A worker inherits `descriptors`, and is told by `--started-fd` where to say that it has started. `part` is whose
    lines the log shows this as.
    """

    def __init__(
        self,
        commands: Sequence[Sequence[str]],
        *,
        patience: float,
        descriptors: Sequence[int] = (),
        part: str = "esteio.serve",
    ) -> None:
        self._commands = commands
        self._descriptors = descriptors
        self._patience = patience
        self._workers: dict[int, Worker] = {}
        self._alive: set[Worker] = set()
        self._stopping = asyncio.Event()
        self._renewing = asyncio.Lock()
        self._log = log(part)
        self._refused = False
        # The other end of this pipe closes when this process is gone, and then every worker ends.
        self._lifeline, self._held = os.pipe()

    def run(self) -> int:
        """Keep them working until SIGTERM or SIGINT; the exit code."""
        return asyncio.run(self._run())

    async def _run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        renewals: set[asyncio.Task[None]] = set()
        loop.add_signal_handler(signal.SIGHUP, lambda: renewals.add(asyncio.create_task(self._renew())))
        keepers = [asyncio.create_task(self._keep(place)) for place in range(len(self._commands))]
        await self._stopping.wait()
        for worker in list(self._alive):
            worker.end()
        # A renewal that is under way sees its new worker end and gives up.
        _, late = await asyncio.wait([*keepers, *renewals], timeout=self._patience)
        for worker in list(self._alive):
            worker.kill()
        if late:
            await asyncio.wait(late)
        await asyncio.gather(*(worker.process.wait() for worker in list(self._alive)))
        return REFUSED if self._refused else 0

    async def _keep(self, place: int) -> None:
        """Keep one place filled. A worker that refuses to start stops the fleet: another try would say the same."""
        pause = _FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            begun = loop.time()
            worker = self._workers[place] = await self._start(place)
            code = await self._outlived(place, worker)
            if self._stopping.is_set():
                return
            if code == REFUSED and not await worker.started:
                self._refused = True
                self._stopping.set()
                return
            self._log.error("worker died", pid=worker.process.pid, code=code)
            pause = _FIRST_PAUSE if loop.time() - begun > _STEADY_AFTER else min(pause * 2, _LONGEST_PAUSE)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _outlived(self, place: int, worker: Worker) -> int:
        """The exit code of the worker in this place, through all its renewals."""
        while True:
            code = await worker.process.wait()
            self._forget(worker)
            if self._workers[place] is worker:
                return code
            worker = self._workers[place]

    def _forget(self, worker: Worker) -> None:
        self._alive.discard(worker)
        forget_process(worker.process.pid)

    async def _renew(self) -> None:
        """One by one: the old worker ends when the new one has started, so that the work is never unattended."""
        async with self._renewing:
            for place in range(len(self._commands)):
                if self._stopping.is_set():
                    return
                new = await self._start(place)
                if not await self._has_started(new):
                    self._log.error("renewal stopped: the new worker did not start", pid=new.process.pid)
                    new.kill()
                    await new.process.wait()
                    self._forget(new)
                    return
                old, self._workers[place] = self._workers[place], new
                old.end()

    async def _has_started(self, worker: Worker) -> bool:
        try:
            async with asyncio.timeout(_START_WITHIN):
                return await asyncio.shield(worker.started)
        except TimeoutError:
            return False

    async def _start(self, place: int) -> Worker:
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._commands[place],
                "--started-fd",
                str(writing),
                pass_fds=(*self._descriptors, writing, self._lifeline),
                env=os.environ | {"ESTEIO_LIFELINE_FD": str(self._lifeline)},
            )
        finally:
            os.close(writing)
        worker = Worker(process, _first_byte(reading))
        self._alive.add(worker)
        if self._stopping.is_set():
            worker.end()
        return worker


def _first_byte(descriptor: int) -> "asyncio.Future[bool]":
    """Whether a byte comes before the pipe's end."""
    loop = asyncio.get_running_loop()
    said: asyncio.Future[bool] = loop.create_future()

    def readable() -> None:
        loop.remove_reader(descriptor)
        came = bool(os.read(descriptor, 1))
        os.close(descriptor)
        if not said.done():
            said.set_result(came)

    loop.add_reader(descriptor, readable)
    return said
