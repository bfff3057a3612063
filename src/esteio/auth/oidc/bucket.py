"""How often something may be done that strangers can cause."""

from esteio.base.clock import Clock


class Bucket:
    """So many at once, and then one in so many seconds, however often it is asked for."""

    def __init__(self, most: int, seconds: float, clock: Clock) -> None:
        self._most = most
        self._seconds = seconds
        self._now = clock.monotonic
        self._held = float(most)
        self._seen = self._now()

    def take(self) -> bool:
        """Whether it may be done now, which then counts."""
        now = self._now()
        self._held = min(self._most, self._held + (now - self._seen) / self._seconds)
        self._seen = now
        if self._held < 1:
            return False
        self._held -= 1
        return True
