"""The last good answer, for the time in which the database is away."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from esteio.base.clock import Clock
from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from esteio.redis.keys import key


@dataclass(frozen=True, slots=True)
class Kept:
    """What was so at an instant of the epoch: JSON, and how many rows it has."""

    at: float
    content: bytes
    rows: int


class Standby:
    """Keeps a tenant's last answer in this process and in Redis, for `seconds`; nothing where these are none.

    Redis has what other processes learned, and what this one knew before it was started anew; the process has what it
    knows itself while Redis is away too.
    """

    def __init__(self, redis: RedisClient, clock: Clock, seconds: float) -> None:
        self._redis = redis
        self._clock = clock
        self._seconds = seconds
        self._own: dict[UUID, Kept] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def keep(self, tenant: UUID, kept: Kept) -> None:
        """Note it, here at once, in Redis behind the caller's back."""
        if self._seconds <= 0:
            return
        self._own[tenant] = kept
        task = asyncio.create_task(self._tell(tenant, kept))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def newest(self, tenant: UUID) -> Kept | None:
        """What is known best, unless it is older than may be told."""
        known = [kept for kept in (self._own.get(tenant), await self._told(tenant)) if kept is not None]
        newest = max(known, key=lambda kept: kept.at, default=None)
        if newest is None or self._clock.timestamp() - newest.at > self._seconds:
            return None
        return newest

    async def close(self) -> None:
        """Wait for what is still being told; Redis' deadline bounds that."""
        if self._telling:
            await asyncio.wait(self._telling)

    async def _tell(self, tenant: UUID, kept: Kept) -> None:
        packed = orjson.dumps([kept.at, kept.rows, kept.content.decode()])
        with suppress(RedisUnavailable):
            await self._redis.execute("SET", _key(tenant), packed, "PX", int(self._seconds * 1000))

    async def _told(self, tenant: UUID) -> Kept | None:
        if self._seconds <= 0:
            return None
        with suppress(RedisUnavailable):
            return _read(await self._redis.execute("GET", _key(tenant)))
        return None


def _key(tenant: UUID) -> str:
    return key("outages", tenant, "active")


def _read(packed: Any) -> Kept | None:
    """What another process wrote; something else under the key is nothing."""
    if packed is None:
        return None
    try:
        at, rows, content = orjson.loads(packed)
        return Kept(float(at), content.encode(), int(rows))
    except (ValueError, TypeError, AttributeError):
        return None
