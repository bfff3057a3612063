"""A party's client and cache as a process of the house has them, on a clock that is turned."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from esteio.base.clock import TurnableClock
from esteio.redis.client import RedisClient
from esteio.upstream.cache import After, Keeping, Kept
from esteio.upstream.client import Received, Unfit, Upstream, UpstreamUnavailable
from esteio.upstream.parties import Upstreams
from esteio.upstream.party import Terms
from esteio.upstream.settings import UpstreamSettings

PATIENT = {"connect": 20.0, "read": 20.0, "total": 20.0}
"""Times of a party for tests that are not about times."""

KEEPING = Keeping(fresh=300.0, stale=3600.0, missing=30.0, jitter=0.0)


@dataclass
class Shop:
    """The party `shop`."""

    upstreams: Upstreams
    redis: RedisClient
    clock: TurnableClock

    @property
    def party(self) -> Upstream:
        return self.upstreams.to("shop")

    async def call(self, path: str | tuple[str, ...] = "/ok", method: str = "GET", **options: Any) -> Received:
        return await self.party.call(method, path, as_it_is, **options)

    async def refusal(self, path: str = "/ok", method: str = "GET", **options: Any) -> UpstreamUnavailable:
        """The error that the call ends with."""
        try:
            answer = await self.call(path, method, **options)
        except UpstreamUnavailable as error:
            return error
        raise AssertionError(f"it was answered: {answer}")

    async def get(
        self, name: str = "ok", path: str = "/ok", keeping: Keeping = KEEPING, after: After | None = None
    ) -> Kept:
        """What the cache has under a name, fetched from a path; a 404 there means that there is none."""

        async def fetch() -> bytes | None:
            received = await self.call(path)
            return None if received.status == 404 else received.body

        return await self.upstreams.cache.get("shop", name, fetch, keeping, after=after)

    async def fresh(self, name: str = "ok") -> Kept:
        """What the cache has once the refresh that is under way has ended."""
        async with asyncio.timeout(30):
            while True:
                kept = await self.get(name)
                if kept.state != "STALE":
                    return kept
                await asyncio.sleep(0.01)


@asynccontextmanager
async def shop(
    url: str,
    redis_url: str,
    *,
    deadline: float = 5.0,
    settings: UpstreamSettings | None = None,
    **terms: Any,
) -> AsyncIterator[Shop]:
    """The shop at a URL, on the terms given."""
    redis, clock = RedisClient(redis_url, deadline=deadline), TurnableClock()
    await redis.open()
    chosen = Terms(**{"url": url, **PATIENT, **terms})
    upstreams = Upstreams({"shop": chosen}, redis, clock, settings)
    try:
        yield Shop(upstreams, redis, clock)
    finally:
        await upstreams.close()
        await redis.close()


def as_it_is(received: Received) -> Received:
    return received


def never(received: Received) -> Received:
    """Finds no answer fit."""
    raise Unfit(f"{received.status} is not what was asked for")
