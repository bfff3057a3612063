"""What becomes of spans."""

from functools import cache

from prometheus_client import Counter


@cache
def exported() -> Counter:
    return Counter("esteio_trace_spans_exported_total", "Spans that the collector has taken")


@cache
def dropped() -> Counter:
    """`full`: the queue had no room. `refused`: the collector did not take them. `ended`: the process had no time."""
    return Counter("esteio_trace_spans_dropped_total", "Spans that were thrown away", ["reason"])
