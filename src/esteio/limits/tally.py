"""What happened under each policy, for metrics."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Counts since the process started, by policy.

    `admitted` requests were paid for; `refused` ones got a 429, `shadowed` ones would have. `approximate` ones were
    admitted without Redis, `unavailable` ones got a 503 for its absence.
    """

    admitted: int = 0
    refused: int = 0
    shadowed: int = 0
    approximate: int = 0
    unavailable: int = 0


class Admissions:
    """How many requests were admitted under a list of policies: one addition a request, however many policies."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0
