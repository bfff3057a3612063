"""What realtime counts."""

from functools import cache

from prometheus_client import Counter, Gauge


@cache
def connections() -> Gauge:
    """By kind: `socket` or `stream`."""
    return Gauge("esteio_realtime_connections", "Open connections", ["kind"], multiprocess_mode="livesum")


@cache
def delivered() -> Counter:
    return Counter("esteio_realtime_messages_total", "Messages given to connections")


@cache
def told() -> Counter:
    return Counter("esteio_realtime_facts_total", "Facts that the relay told to channels")


@cache
def ended() -> Counter:
    """Connections that were ended from this side, by close code; 4408 are readers that were too slow."""
    return Counter("esteio_realtime_ended_total", "Connections ended by the server", ["code"])


@cache
def resumed() -> Counter:
    """Subscriptions that named a position, by whether everything since then was still there."""
    return Counter("esteio_realtime_resumes_total", "Resumed subscriptions", ["outcome"])


@cache
def gaps() -> Counter:
    """Told to a subscription: what it missed is gone."""
    return Counter("esteio_realtime_gaps_total", "Gaps told to subscriptions")
