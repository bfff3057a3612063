"""What the pools of connections count."""

from functools import cache
from time import perf_counter
from typing import Any

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection

from esteio.telemetry.metrics import SECONDS

READ, WRITE = "read", "write"


@cache
def connections() -> Gauge:
    return Gauge(
        "esteio_database_connections",
        "Connections of the pools, by what they are at",
        ["pool", "state"],
        multiprocess_mode="livesum",
    )


@cache
def most_connections() -> Gauge:
    return Gauge(
        "esteio_database_connections_max", "Connections that there may be", ["pool"], multiprocess_mode="livesum"
    )


@cache
def acquire_seconds() -> Histogram:
    return Histogram(
        "esteio_database_acquire_seconds", "Time until a connection of the pool was free", ["pool"], buckets=SECONDS
    )


@cache
def timeouts() -> Counter:
    return Counter("esteio_database_pool_timeouts_total", "Waits for a connection that were given up", ["pool"])


class TimedPool(AsyncAdaptedQueuePool):
    """A pool that tells how long one had to wait for a connection."""

    def connect(self) -> PoolProxiedConnection:
        began = perf_counter()
        try:
            connection = super().connect()
        except PoolTimeout:
            timeouts().labels(WRITE).inc()
            raise
        acquire_seconds().labels(WRITE).observe(perf_counter() - began)
        return connection


class PoolGauges:
    """Brings the gauges of a database's pools up to date."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def tell(self) -> None:
        for pool, (in_use, idle, most) in self._database.pools.items():
            connections().labels(pool, "in_use").set(in_use)
            connections().labels(pool, "idle").set(idle)
            most_connections().labels(pool).set(most)
