"""Who pays for a server that is down: one probe in the background, not every request."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from esteio.redis.errors import RedisUnavailable
from esteio.telemetry.logs import log

PAUSE = 0.5


class Breaker:
    """Open from the first failure until a probe succeeds; probes run every half second meanwhile."""

    def __init__(self, probe: Callable[[], Awaitable[None]]) -> None:
        self.closed = True
        self.reason = ""
        self._probe = probe
        self._probing: asyncio.Task[None] | None = None

    def open(self, reason: str) -> None:
        """Refuse from now on; harmless when open already."""
        if not self.closed:
            return
        self.closed = False
        self.reason = reason
        self._probing = asyncio.create_task(self._until_healed())
        log("esteio.redis").warning("redis.unavailable", reason=reason)

    async def stop(self) -> None:
        """End the probing."""
        if self._probing is not None:
            self._probing.cancel()
            with suppress(asyncio.CancelledError):
                await self._probing

    async def _until_healed(self) -> None:
        while not self.closed:
            await asyncio.sleep(PAUSE)
            with suppress(RedisUnavailable):
                await self._probe()
                self.closed = True
        log("esteio.redis").info("redis.available")
