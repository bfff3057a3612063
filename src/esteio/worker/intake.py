"""Where Celery's thread and the event loop of a worker process meet: orders go in, what became of them comes out."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock
from time import monotonic
from typing import Any
from uuid import UUID

from esteio.base.errors import EsteioError
from esteio.jobs.runner import Runner
from esteio.telemetry.logs import log

Told = Callable[[], None]
"""Something to call on Celery's thread."""


@dataclass(frozen=True, slots=True)
class Order:
    """A message off the broker: ids of jobs, and whom to tell that they run and that they are done."""

    jobs: Sequence[UUID]
    accepted: Callable[[int, float], Any] | None
    ended: Callable[[tuple[int, None, float]], Any] | None


class Intake:
    """Runs orders on the loop, no more jobs at once than there are slots; the rest waits its turn.

    `hand_in` and `news` are for Celery's thread, everything else is the loop's.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, runner: Runner, slots: int) -> None:
        self._loop = loop
        self._runner = runner
        self._slots = slots
        self._running = 0
        self._arrived: deque[Order] = deque()
        self._waiting: deque[Order] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._news: deque[Told] = deque()
        self._lock = Lock()
        self._taking = False
        self._telling = False
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self.ended = Event()
        """Set when nothing of it runs any more."""
        self.wake: Callable[[], None] = lambda: None
        """Calls `news` soon on Celery's thread."""

    def hand_in(self, order: Order) -> None:
        """Take an order; it starts when there is room."""
        with self._lock:
            self._arrived.append(order)
            told, self._taking = self._taking, True
        if not told:
            with suppress(RuntimeError):  # the loop has ended: the job is another worker's soon
                self._loop.call_soon_threadsafe(self._take)

    def news(self) -> None:
        """Tell Celery what has started and ended since the last call."""
        with self._lock:
            self._telling = False
        while self._news:
            self._news.popleft()()

    def request_stop(self) -> None:
        """Let what runs end; from any thread, also from within a signal's handler."""
        with suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._stop.set)

    def stop(self) -> None:
        """Start nothing more; asked for again, wait for nothing more."""
        (self._hurry if self._stop.is_set() else self._stop).set()
        self.wake()

    async def live(self, patience: float) -> None:
        """Return when a stop was asked for and what ran has ended, at most so many seconds later."""
        await self._stop.wait()
        await self._give_up_waiting()
        if self._tasks:
            hurry = asyncio.create_task(self._hurry.wait())
            rest = asyncio.ensure_future(asyncio.wait(set(self._tasks)))
            try:
                await asyncio.wait({hurry, rest}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            finally:
                hurry.cancel()
                rest.cancel()

    async def _give_up_waiting(self) -> None:
        """Another worker may have what has not begun here; it need not wait until it is missed."""
        waiting = [job for order in self._waiting for job in order.jobs]
        self._waiting.clear()
        await self._runner.retire()
        if waiting:
            try:
                await self._runner.tickets.untake(waiting)
            except EsteioError as error:
                log("esteio.worker").warning("worker.waiting_not_returned", cause=error.operator)

    def _take(self) -> None:
        with self._lock:
            self._taking = False
            arrived, self._arrived = self._arrived, deque()
        if not self._stop.is_set():
            self._waiting.extend(arrived)
            self._start_what_fits()

    def _start_what_fits(self) -> None:
        while self._waiting and not self._stop.is_set():
            if self._running and self._running + len(self._waiting[0].jobs) > self._slots:
                return
            order = self._waiting.popleft()
            self._running += len(order.jobs)
            task = self._loop.create_task(self._do(order))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _do(self, order: Order) -> None:
        began = monotonic()
        accepted, ended = order.accepted, order.ended
        if accepted is not None:
            self._tell(lambda: accepted(os.getpid(), began))
        try:
            await asyncio.gather(*(self._run(job) for job in order.jobs))
        finally:
            if ended is not None:
                took = monotonic() - began
                self._tell(lambda: ended((0, None, took)))

    async def _run(self, job: UUID) -> None:
        """Its slot is free as soon as it has ended: one that is slow holds no slot but its own."""
        try:
            await self._runner.work([job])
        except Exception:
            log("esteio.worker").exception("worker.job_failed", job=str(job))
        finally:
            self._running -= 1
            self._start_what_fits()

    def _tell(self, news: Told) -> None:
        self._news.append(news)
        with self._lock:
            told, self._telling = self._telling, True
        if not told:
            self.wake()
