"""Where the time comes from, so that a test can turn it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """A source of the time of day and of elapsed time."""

    def now(self) -> datetime:
        """The present, timezone-aware, in UTC."""
        ...

    def timestamp(self) -> float:
        """The present as seconds of the epoch: what `now` says, at a tenth of its cost."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean something."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def timestamp(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class TurnableClock:
    """A clock that stands still until it is turned; both readings move together."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def timestamp(self) -> float:
        return self._now.timestamp()

    def monotonic(self) -> float:
        return self._elapsed

    def turn(self, seconds: float) -> None:
        """Move time forward by so many seconds."""
        if seconds < 0:
            raise ValueError("a clock is only turned forward")
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds
