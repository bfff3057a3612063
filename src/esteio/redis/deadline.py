"""A time limit that blames the other side only when the other side is late."""

import asyncio
from types import TracebackType

LATE = 0.05
PATIENCE = 3


class Deadline:
    """`async with Deadline(seconds)` raises `TimeoutError` when the block takes longer.

    A process that was itself stopped or starved finds its timer overdue and the answer already waiting in the
    socket: the limit then starts again, at most three times, so that the answer can still be read.
    """

    __slots__ = ("_again", "_bound", "_due", "_loop", "_seconds", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._again = PATIENCE

    async def __aenter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._bound = asyncio.timeout(None)
        await self._bound.__aenter__()
        self._arm()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        await self._bound.__aexit__(kind, error, trace)

    def _arm(self) -> None:
        self._due = self._loop.time() + self._seconds
        self._timer = self._loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        if self._again and self._loop.time() - self._due > LATE:
            self._again -= 1
            self._arm()
        else:
            self._bound.reschedule(self._loop.time())
