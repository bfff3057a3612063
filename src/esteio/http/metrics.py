"""What the response cache counts, brought up to date once a second and off the hot path."""

from functools import cache

from prometheus_client import Counter, Gauge

from esteio.http.cache import ResponseCache


@cache
def lookups() -> Counter:
    """Of requests whose operation says that its answer may be kept: `hit` or `miss`."""
    return Counter("esteio_response_cache_lookups_total", "Requests that the response cache was asked for", ["outcome"])


@cache
def kept_bytes() -> Gauge:
    return Gauge("esteio_response_cache_bytes", "Bytes of answers that are kept", multiprocess_mode="livesum")


@cache
def kept_entries() -> Gauge:
    return Gauge("esteio_response_cache_entries", "Answers that are kept", multiprocess_mode="livesum")


class CacheTally:
    """Adds what happened since the last time."""

    def __init__(self, cache: ResponseCache) -> None:
        self._cache = cache
        self._hits = 0
        self._misses = 0

    def tell(self) -> None:
        cache = self._cache
        lookups().labels("hit").inc(cache.hits - self._hits)
        lookups().labels("miss").inc(cache.misses - self._misses)
        self._hits, self._misses = cache.hits, cache.misses
        kept_entries().set(cache.entries)
        kept_bytes().set(cache.size)
