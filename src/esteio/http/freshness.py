"""How a committed write makes old answers disappear, here at once and elsewhere within milliseconds."""

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

import orjson

from esteio.http.cache import ResponseCache, tenant_tag
from esteio.redis.bulletin import Bulletin
from esteio.redis.errors import RedisUnavailable

TOPIC = "freshness"


class Freshness:
    """Couples the response cache to the bulletin."""

    def __init__(self, cache: ResponseCache, bulletin: Bulletin) -> None:
        self._cache = cache
        self._bulletin = bulletin
        bulletin.on(TOPIC, self._heard)
        bulletin.on_gap(cache.clear)

    async def spread(self, tenant: UUID, tags: Iterable[str]) -> None:
        """Say that what shows these things of the tenant is old. Who cannot hear it keeps nothing anyway."""
        full = full_tags(tenant, tags)
        self._cache.touch(full)
        await publish(self._bulletin, full)

    @property
    def in_touch(self) -> bool:
        """Whether other processes' writes are heard of now."""
        return self._bulletin.connected

    def seen(self, tenant: UUID, *tags: str) -> tuple[int, ...]:
        """Another value after each write of the tenant that touched one of the tags, as far as it is heard of here."""
        return self._cache.seen(tuple(tenant_tag(tenant, tag) for tag in tags))

    def _heard(self, payload: bytes) -> None:
        self._cache.touch(orjson.loads(payload))


def full_tags(tenant: UUID, tags: Iterable[str]) -> list[str]:
    """The tags as the cache knows them, each with its tenant."""
    return [tenant_tag(tenant, tag) for tag in sorted(tags)]


async def publish(bulletin: Bulletin, full: list[str]) -> None:
    """Tell every API process; one that cannot hear it now is told of a gap, and drops all that it keeps."""
    if not full:
        return
    with suppress(RedisUnavailable):
        await bulletin.publish(TOPIC, orjson.dumps(full))
