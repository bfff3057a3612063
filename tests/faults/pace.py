"""How long a server's loop is busy without a break, measured on its own processor time."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.house import Served

EVERY = 0.002


class Pace:
    """`longest` is the longest time, in seconds, that the loop computed before it looked at anything else.

    Processor time of its thread is counted, so that other programs on the machine do not blur the result.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._running = True

    @classmethod
    @contextmanager
    def of(cls, served: Served) -> Iterator["Pace"]:
        """Measure a house for the time of a block."""
        pace = cls()
        served.run(pace._begin)
        try:
            yield pace
        finally:
            served.run(pace._end)

    async def _begin(self) -> None:
        self._last = time.thread_time()
        self._tick()

    async def _end(self) -> None:
        self._running = False
        self._look()

    def _tick(self) -> None:
        self._look()
        if self._running:
            asyncio.get_running_loop().call_later(EVERY, self._tick)

    def _look(self) -> None:
        now = time.thread_time()
        self.longest = max(self.longest, now - self._last)
        self._last = now
