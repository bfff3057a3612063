"""Counters of what is sent and received."""

from functools import cache

from prometheus_client import Counter, Histogram

from esteio.telemetry.metrics import SECONDS


@cache
def attempts() -> Counter:
    """Attempts by what came of them: delivered, refused (an answer that is no 2xx), failed (no answer), abandoned."""
    return Counter("esteio_webhook_attempts_total", "Attempts to deliver webhooks", ["outcome"])


@cache
def disabled() -> Counter:
    """Endpoints that the house has disabled: `failing` for days, or `gone` (410)."""
    return Counter("esteio_webhook_endpoints_disabled_total", "Endpoints disabled by the house", ["reason"])


@cache
def first_seconds() -> Histogram:
    return Histogram(
        "esteio_webhook_first_seconds", "Time from the delivery's row to the end of its first attempt", buckets=SECONDS
    )


@cache
def received() -> Counter:
    """Incoming webhooks by what came of them: accepted, duplicate, refused."""
    return Counter("esteio_webhooks_received_total", "Webhooks received", ["source", "outcome"])
