"""Rows of counts by minute, held until they are written down: so many at most, and for so long at most."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Generic, TypeVar

KEPT_MINUTES = 30
"""A minute that could not be written for so long is given up: later it may have been added to its hour."""

MINUTE = 60
SENT, WRITTEN, LIMITED, FIRST = 6, 7, 8, 9
"""Places in a row: 0 to 5 count answers by the hundreds of their status, 0 being none at all."""

Key = TypeVar("Key", bound=tuple[str, ...])
Row = list[int]


class Minutes(Generic[Key]):
    """`rows` are those of the running minute. `lost` is how many requests could not be kept count of."""

    def __init__(self, width: int, most: int) -> None:
        self.lost = 0
        self.rows: dict[Key, Row] = {}
        self._width = width
        self._most = most
        self._held = 0
        self._minutes: dict[int, dict[Key, Row]] = {}

    def turn(self, minute: int) -> None:
        """Begin a minute, which must be later than all before."""
        self.rows = self._minutes[minute] = {}

    def new(self, key: Key) -> Row | None:
        """A row of the running minute, empty; without room for it `None`, and the request is lost."""
        if self._held >= self._most:
            self.lost += 1
            return None
        self._held += 1
        row = self.rows[key] = [0] * self._width
        return row

    def changed(self) -> Iterator[tuple[str, Key, Row, int]]:
        """When, whose, which, and how much was counted: rows that changed since they were written, oldest first."""
        for minute, rows in sorted(self._minutes.items()):
            at = datetime.fromtimestamp(minute * MINUTE, UTC).isoformat()
            for key, row in rows.items():
                total = sum(row[:SENT])
                if total != row[WRITTEN]:
                    yield at, key, row, total

    def let_go(self, present: int, open_minute: int | None) -> None:
        """Forget the minutes that are over and written, and those that are too old to be written any more."""
        for minute, rows in list(self._minutes.items()):
            missing = sum(sum(row[:SENT]) - row[WRITTEN] for row in rows.values())
            if minute != open_minute and (not missing or present - minute >= KEPT_MINUTES):
                self.lost += missing
                self._held -= len(rows)
                del self._minutes[minute]
