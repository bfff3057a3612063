"""What a party answered."""

from collections.abc import Mapping
from dataclasses import dataclass


class Unfit(Exception):
    """What `read` raises for an answer that the party must not give: it counts as a failure and is tried again."""


@dataclass(frozen=True, slots=True)
class Received:
    """A whole answer within the bounds. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
