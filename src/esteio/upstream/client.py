"""Calls to a party that the house itself has chosen: bounded in time and size, refused while it is down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from esteio.base.clock import Clock
from esteio.base.errors import Unavailable
from esteio.redis.client import RedisClient
from esteio.upstream.party import Terms

T = TypeVar("T")


class UpstreamUnavailable(Unavailable):
    """The party did not answer in time, answered what it must not, or was known to be down."""

    code = "UPSTREAM_UNAVAILABLE"
    title = "A party outside is unavailable"
    words = "A party outside that this needs is unavailable: try again after the seconds in Retry-After."


class Unfit(Exception):
    """What `read` raises for an answer that the party must not give: it counts as a failure and is tried again."""


@dataclass(frozen=True, slots=True)
class Received:
    """A whole answer within the bounds. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Upstream:
    """The client of one party, shared by everything in a process; its breaker is shared by all processes."""

    def __init__(self, name: str, terms: Terms, redis: RedisClient, clock: Clock) -> None:
        self.name = name
        self.terms = terms

    async def call(
        self,
        method: str,
        path: str,
        read: Callable[[Received], T],
        *,
        params: Mapping[str, str] | None = None,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        again: bool | None = None,
    ) -> T:
        """What `read` makes of the answer, within `terms.total` seconds.

        `again` says whether a call that failed may be sent once more; methods that change nothing may unless it is
        said. Raises `UpstreamUnavailable`, and `RuntimeError` while a transaction is open in the calling task.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Drop every connection."""
