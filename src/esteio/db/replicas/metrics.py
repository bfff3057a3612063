"""What is measured of replicas, where there are any."""

from functools import cache

from prometheus_client import Counter, Gauge


@cache
def reads() -> Counter:
    """By where they were answered, `primary` or `replica`; `fallback` is one that a replica could not answer."""
    return Counter("esteio_database_reads_total", "Reads in one statement, by where they went", ["target"])


@cache
def lag() -> Gauge:
    """The most that any process finds: how old what a replica has is, as far as it is known to this one."""
    return Gauge(
        "esteio_database_replica_lag_seconds", "Age of what a replica shows", ["replica"], multiprocess_mode="livemax"
    )


@cache
def usable() -> Gauge:
    """1 while a replica may be asked, 0 while all processes leave it out, such as one that is down or far behind."""
    return Gauge(
        "esteio_database_replica_usable", "Whether a replica may be asked", ["replica"], multiprocess_mode="livemax"
    )
