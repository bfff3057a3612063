"""Durations counted in cells whose bounds grow by a constant factor, and the quantiles that can be told from them.

Five cells an octave: a cell's upper bound is 2^(1/5) of its lower one, and its geometric middle is within a factor of
2^(1/10) of whatever was counted there. So a quantile is at most 7.2 % off, from 10 µs up to 9.7 minutes.
"""

from collections.abc import Iterable, Sequence
from math import ceil, log2

LEAST = 0.00001
"""Seconds below which durations are not told apart."""

PER_OCTAVE = 5
CELLS = 130
"""The last one holds everything from 9.7 minutes on."""

OFFSET = -PER_OCTAVE * log2(LEAST)


def cell(seconds: float) -> int:
    """The number of the cell that counts the duration."""
    if seconds <= LEAST:
        return 0
    found = int(log2(seconds) * PER_OCTAVE + OFFSET)
    return found if found < CELLS else CELLS - 1


def middle(number: int) -> float:
    """The geometric middle of a cell, in seconds."""
    return float(LEAST * 2 ** ((number + 0.5) / PER_OCTAVE))


def quantiles(
    cells: Sequence[int], counts: Sequence[int], wanted: Iterable[float] = (0.5, 0.95, 0.99)
) -> list[float | None]:
    """The wanted quantiles (nearest rank) in seconds; `None` where nothing was counted."""
    counted = sorted(zip(cells, counts, strict=True))
    whole = sum(counts)
    return [_ranked(counted, ceil(whole * share)) if whole else None for share in wanted]


def _ranked(counted: Sequence[tuple[int, int]], rank: int) -> float:
    passed = 0
    for number, count in counted:
        passed += count
        if passed >= rank:
            return middle(number)
    return middle(counted[-1][0])
