"""Whether and when a call that failed is sent once more."""

import random

from esteio.upstream.failures import Failing

HARMLESS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
"""Methods that change nothing (RFC 9110, 9.2.1)."""

SHARE = 0.2
SAVED = 10.0
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 0.5
WORTH_TRYING = 0.02
"""Seconds that must be left of a call, or another try is only a burden."""


class Budget:
    """Repetitions of one party's calls in one process: a fifth of the calls, with ten saved at most.

    A party that fails is thereby asked a fifth more often than usual, not as often again.
    """

    __slots__ = ("_saved",)

    def __init__(self) -> None:
        self._saved = SAVED

    def call(self) -> None:
        """Count a call, which adds its share."""
        self._saved = min(SAVED, self._saved + SHARE)

    def take(self) -> bool:
        """Take one repetition, when there is one."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True


def pause(failed: int, failure: Exception, left: float) -> float | None:
    """Seconds to wait after so many tries failed; `None` when another try does not fit into what is left.

    Each pause is twice the one before, shortened by a random part of up to a half, and never shorter than the party
    has asked for.
    """
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failed - 1))
    wait = longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
    if isinstance(failure, Failing) and failure.after is not None:
        wait = max(wait, failure.after)
    return wait if wait + WORTH_TRYING < left else None
