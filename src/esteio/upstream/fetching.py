"""Fetching a value by one process at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from redis.exceptions import RedisError

from esteio.base.clock import Clock
from esteio.base.errors import Unavailable
from esteio.redis.errors import RedisUnavailable
from esteio.telemetry.logs import log
from esteio.telemetry.sparse import SparseLog
from esteio.upstream.background import Background
from esteio.upstream.claims import Claims, Sight, new_token
from esteio.upstream.entry import LARGEST
from esteio.upstream.errors import UpstreamUnavailable
from esteio.upstream.kept import Keeping, Kept, judged
from esteio.upstream.metrics import cache_refreshes, joined

Fetch = Callable[[], Awaitable[bytes | None]]
After = Callable[[Kept], Awaitable[None]]

FIRST_LOOK = 0.01
LAST_LOOK = 0.1
"""Seconds between looks for a value that another process fetches: soon at first, then further apart."""

LONGEST_WAIT = 10.0
"""Seconds after which who waits for another process fetches for itself, however alive the other is."""

REFRESH_AGAIN = 1
"""Seconds that are told to those who happen to wait for a refresh that failed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller wants to have."""

    party: str
    name: str
    fetch: Fetch
    keeping: Keeping
    after: After | None

    @property
    def place(self) -> tuple[str, str]:
        return self.party, self.name


class Fetching:
    """Over all processes where Redis is there to agree by; else whoever asks fetches."""

    def __init__(self, claims: Claims, background: Background, clock: Clock) -> None:
        self._claims = claims
        self._background = background
        self._now = clock.timestamp
        self._log = SparseLog(log("esteio.upstream"), clock)

    async def obtain(self, wish: Wish) -> Kept:
        """The value, fetched here or by the process that was first.

        Raises what the fetch raises, or `UpstreamUnavailable` where that of the other process has failed.
        """
        mine, asked = new_token(), self._now()
        others = set[str]()
        began, pause = monotonic(), FIRST_LOOK
        while (sight := await self._attempt(wish, mine)) and monotonic() - began < LONGEST_WAIT:
            kept, failed = judged(sight.entry, self._now()), sight.failed if sight.failed_of(others) else None
            if sight.holder == mine:
                if kept is None and failed is None:
                    return await self._lead(wish, mine)
                await self._give_back(wish, mine)
            if kept is not None:
                return Kept(kept.value, "MISS", kept.at) if kept.at >= asked else kept
            if failed is not None:
                raise UpstreamUnavailable(retry_after=failed.retry_after, operator=f"{wish.party}: failed elsewhere")
            if not others:
                joined().labels(wish.party, "elsewhere").inc()
            others.add(sight.holder)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LAST_LOOK)
        return await self._fetch(wish)

    async def refresh(self, wish: Wish) -> bool:
        """Fetch anew unless another process does, has just done, or has just failed to; whether it was fetched."""
        mine = new_token()
        sight = await self._attempt(wish, mine)
        if sight is None or sight.holder != mine:
            return False
        kept = judged(sight.entry, self._now())
        if sight.failed is not None or (kept is not None and kept.state == "HIT"):
            await self._give_back(wish, mine)
            return False
        return await self._refetch(wish, mine)

    async def _refetch(self, wish: Wish, mine: str) -> bool:
        try:
            async with self._claims.held(*wish.place, mine):
                await self._fetch(wish)
        except Exception as error:
            cache_refreshes().labels(wish.party, "failed").inc()
            self._log.info("upstream.refresh_failed", party=wish.party, cause=f"{type(error).__name__}: {error}")
            await self._give_back(wish, mine, REFRESH_AGAIN)
            return False
        cache_refreshes().labels(wish.party, "fetched").inc()
        await self._give_back(wish, mine)
        return True

    async def _attempt(self, wish: Wish, mine: str) -> Sight | None:
        try:
            return await self._claims.attempt(*wish.place, mine)
        except (RedisUnavailable, RedisError):
            return None

    async def _lead(self, wish: Wish, mine: str) -> Kept:
        """Fetch under the claim, and give it back whatever comes of it."""
        retry_after: int | None = None
        try:
            async with self._claims.held(*wish.place, mine):
                return await self._fetch(wish)
        except Unavailable as error:
            retry_after = int(error.headers["Retry-After"])
            raise
        finally:
            await self._give_back(wish, mine, retry_after)

    async def _give_back(self, wish: Wish, mine: str, retry_after: int | None = None) -> None:
        with suppress(RedisUnavailable, RedisError):
            await self._claims.end(*wish.place, mine, retry_after)

    async def _fetch(self, wish: Wish) -> Kept:
        """Fetch and lay down; those who wait are not held up by what comes `after`."""
        value = await wish.fetch()
        entry = wish.keeping.entry(value, self._now())
        kept = Kept(value, "MISS", entry.at)
        if len(value or b"") <= LARGEST:
            with suppress(RedisUnavailable, RedisError):
                await self._claims.keep(*wish.place, entry, entry.good_until - entry.at)
        if wish.after is not None:
            self._background.start(self._follow(wish, wish.after, kept))
        return kept

    async def _follow(self, wish: Wish, after: After, kept: Kept) -> None:
        try:
            await after(kept)
        except Unavailable as error:
            self._log.info("upstream.after_failed", party=wish.party, cause=error.operator or str(error))
        except Exception:
            log("esteio.upstream").exception("upstream.after_failed", party=wish.party)
