"""From requests to the collector: a bounded queue, and one thread that empties it."""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Protocol
from weakref import WeakMethod

from esteio.telemetry.context import reseed
from esteio.telemetry.logs import log
from esteio.telemetry.tracing.metrics import dropped, exported
from esteio.telemetry.tracing.span import Span

PAUSE = 1.0
"""Seconds for which a span that has ended waits for company."""

AGAIN = 30.0
"""Seconds after which an exporter that could not be made is tried again."""


class Exporter(Protocol):
    """Blocking. `send` raises where the collector did not take the spans; `stop` makes it give up soon."""

    def send(self, spans: Sequence[Span]) -> None: ...

    def stop(self) -> None: ...


class Outlet:
    """`put` never waits: what finds no room is dropped and counted.

    The thread and the exporter are made with the first span, in the process that has it: one that was forked begins
    with an empty queue and a thread of its own. Where `make` raises, the log says so once, what waits counts as
    refused, and it is called again `again` seconds later.
    """

    def __init__(self, make: Callable[[], Exporter], *, most: int, batch: int, again: float = AGAIN) -> None:
        self._make = make
        self._again = again
        self._most = most
        self._batch = batch
        self._well = True
        self._ended = False
        self._begin()
        forget = WeakMethod(self._begin)
        os.register_at_fork(after_in_child=lambda: _call(forget))

    def _begin(self) -> None:
        self._waiting: deque[Span] = deque()
        self._wake = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._exporter: Exporter | None = None
        self._due = 0.0

    def put(self, span: Span) -> None:
        waiting = self._waiting
        if self._ended or len(waiting) >= self._most:
            dropped().labels("ended" if self._ended else "full").inc()
            return
        waiting.append(span)
        if self._thread is None:
            self._start()
        elif len(waiting) >= self._batch and not self._wake.is_set():
            self._wake.set()

    def close(self, patience: float) -> None:
        """Send what waits, for at most so many seconds; a collector that does not answer is left alone then."""
        self._ended = True
        self._wake.set()
        end = monotonic() + patience
        if self._thread is not None:
            self._thread.join(patience)
            if self._thread.is_alive() and self._exporter is not None:
                self._exporter.stop()
                self._thread.join(max(0.0, min(0.1, end - monotonic())))
        self._drop_waiting("ended")

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._wake.wait(PAUSE)
            self._wake.clear()
            while self._waiting:
                self._send(self._take())
            if self._ended:
                break
        if self._exporter is not None:
            with suppress(Exception):
                self._exporter.stop()

    def _take(self) -> list[Span]:
        return [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]

    def _send(self, spans: list[Span]) -> None:
        exporter = self._ready()
        if exporter is None:
            dropped().labels("refused").inc(len(spans))
            return
        try:
            exporter.send(spans)
        except Exception as error:
            dropped().labels("refused").inc(len(spans))
            self._ail("traces.collector_away", error)
            if self._ended:  # there is no time to ask again
                self._drop_waiting("ended")
            return
        exported().inc(len(spans))
        if not self._well:
            log("esteio.telemetry").info("traces.collector_returned")
        self._well = True

    def _ready(self) -> Exporter | None:
        """The exporter, made when it is needed first; none while it cannot be made."""
        if self._exporter is None and monotonic() >= self._due:
            try:
                self._exporter = self._make()
            except Exception as error:
                self._due = monotonic() + self._again
                self._ail("traces.exporter_not_made", error)
        return self._exporter

    def _ail(self, event: str, error: Exception) -> None:
        if self._well:
            log("esteio.telemetry").warning(event, cause=type(error).__name__)
        self._well = False

    def _drop_waiting(self, reason: str) -> None:
        left = len(self._waiting)
        self._waiting.clear()
        if left:
            dropped().labels(reason).inc(left)


def _call(forget: "WeakMethod[Callable[[], None]]") -> None:
    begin = forget()
    if begin is not None:
        begin()
    reseed()
