"""What was rejected, and why."""

import csv
from collections.abc import Sequence
from typing import IO

from esteio.services.outages.sheet.lines import Line

MOST_REASONS = 30


class Rejects:
    """Counts by reason, and keeps every rejected line in a file where there is one: CSV of line, reason, text."""

    def __init__(self, file: IO[str] | None) -> None:
        self.count = 0
        self._reasons: dict[str, tuple[int, int]] = {}
        self._writer = csv.writer(file) if file is not None else None
        if self._writer is not None:
            self._writer.writerow(("line", "reason", "text"))

    def add(self, line: Line, why: str) -> None:
        """One line more."""
        self.count += 1
        if why in self._reasons or len(self._reasons) < MOST_REASONS:
            number, first = self._reasons.get(why, (0, line.number))
            self._reasons[why] = (number + 1, first)
        if self._writer is not None:
            self._writer.writerow((line.number, why, line.shown()))

    def reasons(self) -> Sequence[tuple[str, int, int]]:
        """Why, how often, and on which line first, the most frequent first; of many reasons the first that were met."""
        ordered = sorted(self._reasons.items(), key=lambda item: -item[1][0])
        return [(why, number, first) for why, (number, first) in ordered]
