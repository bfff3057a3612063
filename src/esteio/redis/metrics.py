"""What a client of Redis counts, brought up to date once a second and off the hot path."""

from functools import cache

from prometheus_client import Counter, Gauge

from esteio.redis.client import RedisClient


@cache
def available() -> Gauge:
    """0 while any process holds it to be down."""
    return Gauge("esteio_redis_available", "Whether Redis answers", multiprocess_mode="livemin")


@cache
def round_trips() -> Counter:
    return Counter("esteio_redis_round_trips_total", "Conversations with Redis")


@cache
def failures() -> Counter:
    return Counter("esteio_redis_failures_total", "Conversations with Redis that failed")


class RedisTally:
    """Adds what happened since the last time."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._round_trips = 0
        self._failures = 0

    def tell(self) -> None:
        client = self._client
        available().set(1 if client.available else 0)
        round_trips().inc(client.round_trips - self._round_trips)
        failures().inc(client.failures - self._failures)
        self._round_trips, self._failures = client.round_trips, client.failures
