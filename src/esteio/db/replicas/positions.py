"""Places in the primary's log, and at which instant the log had not yet got past each."""

from collections import deque

MOST = 128


def position_of(text: str) -> int:
    """PostgreSQL's own way of writing a place (`16/B374D848`) as a number of bytes."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) | int(low, 16)


class Samples:
    """Where the log ended at some instants, in the order of time.

    A server that has replayed up to a place has everything that was acknowledged before the instant at which that
    place was asked for: so one clock, the asking process's, measures how old any server is.
    """

    def __init__(self, least_apart: float) -> None:
        self._least_apart = least_apart
        self._kept: deque[tuple[float, int]] = deque(maxlen=MOST)

    def add(self, asked_at: float, position: int) -> None:
        """Note where the log ended, as an answer to a question asked at the instant."""
        if self._kept and self._kept[-1][1] == position:
            self._kept[-1] = (asked_at, position)  # nothing was written since: whoever has it is as new as this
        elif not self._kept or asked_at >= self._kept[-1][0] + self._least_apart:
            self._kept.append((asked_at, position))

    def clear(self) -> None:
        """Places of another history mean nothing."""
        self._kept.clear()

    def horizon(self, replayed: int) -> float:
        """The instant before which everything acknowledged is in what was replayed; -inf where that is not known."""
        for asked_at, position in reversed(self._kept):
            if position <= replayed:
                return asked_at
        return float("-inf")
