"""What parties answered, kept in Redis: fresh, then stale while it is fetched anew, by one process at a time."""

from time import monotonic

from esteio.base.clock import Clock
from esteio.db.openness import in_transaction
from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from esteio.upstream.background import Background
from esteio.upstream.claims import Claims
from esteio.upstream.fetching import After, Fetch, Fetching, Wish
from esteio.upstream.flights import Flights
from esteio.upstream.kept import Keeping, Kept, judged
from esteio.upstream.metrics import cache_answers, joined

FAREWELL = 3.0
"""Seconds for which closing waits for what is under way."""

REFRESH_EVERY = 0.5
"""Seconds between two tries of a process to make one stale value fresh."""

MOST_REMEMBERED = 4096


class UpstreamCache:
    """Shared by all processes through Redis. With Redis away each process still fetches a value once at a time."""

    def __init__(self, redis: RedisClient, clock: Clock) -> None:
        self._claims = Claims(redis)
        self._now = clock.timestamp
        self._background = Background()
        self._fetching = Fetching(self._claims, self._background, clock)
        self._flights: Flights[Kept] = Flights(self._background)
        self._refreshed: dict[tuple[str, str], float] = {}

    async def get(self, party: str, name: str, fetch: Fetch, keeping: Keeping, *, after: After | None = None) -> Kept:
        """The value under a name of the party; `fetch` is called by one at a time over all processes.

        `fetch` and `after` run outside the caller's request: they go on when it ends. `after` is awaited in the
        background with what was fetched, once those who wait have it; its failure is logged.
        Raises what `fetch` raises where there is nothing to be had but by it, `UpstreamUnavailable` where the fetch of
        another process has failed, and `RuntimeError` while a transaction is open in the calling task, whether the
        value is there or not.
        """
        if in_transaction():
            raise RuntimeError(f"{party} is asked within a transaction: ask before or after")
        wish = Wish(party, name, fetch, keeping, after)
        kept = await self._kept(wish) or await self._fetched(wish)
        cache_answers().labels(party, kept.state).inc()
        return kept

    async def close(self) -> None:
        """End what is under way in the background, waiting for it within a bound."""
        await self._background.close(FAREWELL)

    async def _kept(self, wish: Wish) -> Kept | None:
        """What lies in Redis, when it is good; a stale value is fetched anew in the background."""
        if self._flights.under_way(wish.place):
            return None
        try:
            entry = await self._claims.look(*wish.place)
        except RedisUnavailable:
            return None
        kept = judged(entry, self._now())
        if kept is not None and kept.state == "STALE" and self._due(wish.place):
            self._background.start(self._refresh(wish))
        return kept

    async def _fetched(self, wish: Wish) -> Kept:
        if self._flights.under_way(wish.place):
            joined().labels(wish.party, "process").inc()
        return await self._flights.share(wish.place, lambda: self._fetching.obtain(wish))

    async def _refresh(self, wish: Wish) -> None:
        if await self._fetching.refresh(wish):
            self._refreshed.pop(wish.place, None)

    def _due(self, place: tuple[str, str]) -> bool:
        """Whether this process has not tried to make it fresh just now."""
        now = monotonic()
        if now - self._refreshed.get(place, -REFRESH_EVERY) < REFRESH_EVERY:
            return False
        if len(self._refreshed) >= MOST_REMEMBERED:
            self._refreshed.clear()
        self._refreshed[place] = now
        return True


__all__ = ["After", "Fetch", "Keeping", "Kept", "UpstreamCache"]
