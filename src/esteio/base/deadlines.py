"""Time limits that share one timer."""

import asyncio
from types import TracebackType

TICK = 0.05


class Deadlines:
    """Makes time limits for work that nearly always ends well within them.

    `asyncio.timeout` sets and removes a timer of the loop for every block, which costs more than all that the gate
    checks of a request. Here what is running is looked over every `TICK` seconds, as long as anything is, so that a
    limit is kept to a `TICK`.
    """

    def __init__(self) -> None:
        self._running: set[Deadline] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def within(self, seconds: float) -> "Deadline":
        """`with deadlines.within(5):` in a task; past the seconds what is awaited there is cancelled and the block
        raises `TimeoutError`.
        """
        return Deadline(self, seconds)

    def add(self, deadline: "Deadline", loop: asyncio.AbstractEventLoop) -> None:
        self._running.add(deadline)
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(TICK, self._look, loop)

    def discard(self, deadline: "Deadline") -> None:
        self._running.discard(deadline)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for deadline in [deadline for deadline in self._running if deadline.due <= now]:
            deadline.expire()
        if self._running and self._loop is loop:
            loop.call_later(TICK, self._look, loop)
        else:
            self._loop = None


class Deadline:
    """One block's limit. `expired` tells whether it was this limit that ended the block."""

    __slots__ = ("_before", "_deadlines", "_seconds", "_task", "due", "expired")

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        self._deadlines = deadlines
        self._seconds = seconds
        self.expired = False

    def __enter__(self) -> "Deadline":
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is for a task")
        loop = task.get_loop()
        self._task, self._before = task, task.cancelling()
        self.due = loop.time() + self._seconds
        self._deadlines.add(self, loop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.discard(self)
        # As in asyncio.timeout: who else cancelled the task meant it, so that it stays cancelled.
        if self.expired and self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """Cancel what the block awaits."""
        self._deadlines.discard(self)
        self.expired = True
        self._task.cancel()
