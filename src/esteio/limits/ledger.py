"""The same buckets within one process, for the time without Redis."""

import math

from esteio.limits.policy import BUCKETS


class Ledger:
    """A sliding window of this process's own clock that never holds more than the quota it is asked to keep."""

    __slots__ = ("_bucket", "_length", "_pinned")

    def __init__(self, bucket: float) -> None:
        self._length = bucket
        self._bucket = 0
        self._pinned = [0] * (BUCKETS + 1)

    def used(self, now: float) -> int:
        """Units taken in the window that ends now."""
        self._turn_to(now)
        return sum(self._pinned)

    def free(self, now: float, quota: int) -> int:
        """Units that may be taken now, never below 0."""
        return max(0, quota - self.used(now))

    def take(self, now: float, units: int) -> None:
        """Count units against the present bucket; the caller has seen them free in the same step."""
        self._turn_to(now)
        self._pinned[self._bucket % len(self._pinned)] += units

    def opens(self, now: float, quota: int, units: int) -> float:
        """The instant at which so many units will be free, when nothing more is taken."""
        self._turn_to(now)
        size = len(self._pinned)
        used = sum(self._pinned)
        for f in range(1, size + 1):
            used -= self._pinned[(self._bucket + f) % size]
            if quota - used >= units:
                return (self._bucket + f) * self._length
        return (self._bucket + size) * self._length

    def _turn_to(self, now: float) -> None:
        bucket = math.floor(now / self._length)
        for passed in range(max(self._bucket + 1, bucket - BUCKETS), bucket + 1):
            self._pinned[passed % len(self._pinned)] = 0
        self._bucket = max(self._bucket, bucket)
