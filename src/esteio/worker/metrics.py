"""What the scheduler tells of its parts."""

from functools import cache

from prometheus_client import Counter, Gauge


@cache
def alive() -> Gauge:
    """1 while the part runs, 0 between a failure and the next try."""
    return Gauge("esteio_scheduler_part_alive", "Whether the part runs", ["part"], multiprocess_mode="livemin")


@cache
def failures() -> Counter:
    return Counter("esteio_scheduler_part_failures_total", "Times that the part failed and was begun again", ["part"])
