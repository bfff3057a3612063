"""What parties answered, kept in Redis: fresh, then stale while it is fetched anew, by one process at a time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from esteio.base.clock import Clock
from esteio.redis.client import RedisClient

Fetch = Callable[[], Awaitable[bytes | None]]
After = Callable[["Kept"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many seconds a value is fresh, then stale but still good, and how long it is known that there is none.

    `jitter` shortens each freshness by a random share of at most so much, so that what was fetched together is not
    fetched again together.
    """

    fresh: float
    stale: float
    missing: float
    jitter: float = 0.1


@dataclass(frozen=True, slots=True)
class Kept:
    """A value, `None` where the party has none. `at` is when it was fetched, in seconds of the epoch.

    MISS: fetched for this call. HIT: fresh. STALE: past its freshness, being fetched anew meanwhile.
    """

    value: bytes | None
    state: Literal["HIT", "MISS", "STALE"]
    at: float


class UpstreamCache:
    """Shared by all processes through Redis. With Redis away each process still fetches a value once at a time."""

    def __init__(self, redis: RedisClient, clock: Clock) -> None: ...

    async def get(self, party: str, name: str, fetch: Fetch, keeping: Keeping, *, after: After | None = None) -> Kept:
        """The value under a name of the party; `fetch` is called by one at a time over all processes.

        `after` is awaited in the background with what was fetched, once those who wait have it; its failure is logged.
        Raises what `fetch` raises where there is nothing to be had but by it.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """End what is under way in the background, waiting for it within a bound."""
