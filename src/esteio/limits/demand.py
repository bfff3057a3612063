"""How much of a limit this process has lately used: what sizes the next batch."""

import math

from esteio.limits.policy import BUCKETS
from esteio.limits.script import HORIZON

NEVER = -math.inf
LAPSE = HORIZON + 3
"""After so many buckets without a question the pace of before says nothing any more."""

SLACK = 1.25
"""A little more than the pace is held in advance, so that an uneven stream seldom runs short."""


class Demand:
    """Units spent and requests refused since a mark that is set anew about once a bucket."""

    __slots__ = ("_before", "_eager", "_level", "_mark", "_pace", "_pressed_until", "_refused", "_spent")

    def __init__(self) -> None:
        self._level = 0
        self._mark = NEVER
        self._before = self._pace = self._eager = 0
        self._refused = 0
        self._spent = 0
        self._pressed_until = NEVER

    def spent(self, left: int) -> None:
        """So many units are left of those with which `begin` was told."""
        self._spent += self._level - left
        self._level = left

    def begin(self, level: int) -> None:
        """So many units are held from now on."""
        self._level = level

    def refused(self) -> None:
        """A request was refused."""
        self._refused += 1

    def pressed(self, now: float) -> bool:
        """Whether callers were refused so often within the last window that each unit at hand is soon wanted."""
        return now < self._pressed_until

    def measure(self, now: float, left: int, bucket: float, share: int) -> tuple[int, int]:
        """Units worth asking for now beyond what is needed, and units a bucket worth holding in advance.

        The first doubles as spending goes on; under pressure it is what callers would use in a bucket. The second
        follows the lesser pace of the two buckets before, so that a short burst holds nothing in advance. Pressure
        is half of `share` requests refused since the mark, or more.
        """
        self.spent(left)
        elapsed = now - self._mark
        if elapsed >= bucket:
            self._turn(now, elapsed / bucket, bucket, share)
        more = self._eager if self.pressed(now) else max(self._spent, self._pace)
        held = min(self._pace, self._before)
        return more, int(held * SLACK) + 1 if held else 0

    def _turn(self, now: float, buckets: float, bucket: float, share: int) -> None:
        steady = buckets < LAPSE
        self._before = self._pace if steady else 0
        self._pace = round(self._spent / buckets) if steady else 0
        eager = round((self._spent + self._refused) / buckets)
        self._eager = max(eager, self._eager) if self.pressed(now) else eager
        if self._refused * 2 >= share:
            self._pressed_until = now + (BUCKETS + 2) * bucket
        self._mark, self._spent, self._refused = now, 0, 0
