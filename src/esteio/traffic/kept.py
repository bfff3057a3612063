"""Answers that cost more than they change: made once in a few seconds, however many ask."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from esteio.base.clock import Clock

T = TypeVar("T")

MOST = 256


class _Place:
    __slots__ = ("turn", "until", "value")

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.until = float("-inf")
        self.value: Any = None


class Kept:
    """Keeps at most `MOST` values, each for `seconds`; whoever asks while one is made waits for it."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._now = clock.monotonic
        self._seconds = seconds
        self._places: OrderedDict[Hashable, _Place] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The kept value, or what `make` makes. What it raises is not kept."""
        place = self._places.setdefault(key, _Place())
        self._places.move_to_end(key)
        if len(self._places) > MOST:
            self._places.popitem(last=False)
        async with place.turn:
            if place.until <= self._now():
                place.value = await make()
                place.until = self._now() + self._seconds
            found: T = place.value
            return found
