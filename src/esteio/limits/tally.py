"""What happened under each policy, for metrics."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Counts since the process started, by policy.

    `refused` requests got a 429, `shadowed` ones would have. `approximate` ones were admitted without Redis,
    `unavailable` ones got a 503 for its absence.
    """

    refused: int = 0
    shadowed: int = 0
    approximate: int = 0
    unavailable: int = 0
