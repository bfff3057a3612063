"""The parties of a process, each with its client, and the cache of what they answered."""

from collections.abc import Mapping

from esteio.base.clock import Clock
from esteio.redis.client import RedisClient
from esteio.upstream.cache import UpstreamCache
from esteio.upstream.client import Upstream
from esteio.upstream.party import Terms
from esteio.upstream.settings import UpstreamSettings


class Upstreams:
    """Made with the resources of a process; nothing is opened before the first call.

    Of the settings the refused networks and the file of authorities hold for these parties too.
    """

    def __init__(
        self,
        terms: Mapping[str, Terms],
        redis: RedisClient,
        clock: Clock,
        settings: UpstreamSettings | None = None,
    ) -> None:
        self._parties = {name: Upstream(name, own, redis, clock, settings) for name, own in terms.items()}
        self.cache = UpstreamCache(redis, clock)

    def to(self, name: str) -> Upstream:
        """The client of a declared party. Raises `KeyError` for one that no manifest declares."""
        return self._parties[name]

    async def close(self) -> None:
        """End what is under way in the background, then close every connection."""
        await self.cache.close()
        for party in self._parties.values():
            await party.close()
