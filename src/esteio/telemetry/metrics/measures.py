"""Measures that several floors share, and the bounds of histograms of time."""

from functools import cache

from prometheus_client import Counter, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
REQUEST_SECONDS = "esteio_http_request_duration_seconds"


@cache
def request_seconds() -> Histogram:
    """Rate, errors and duration by route template (RED)."""
    return Histogram(
        REQUEST_SECONDS,
        "Time from the first byte of a request to the last of its answer",
        ["method", "route", "status"],
        buckets=SECONDS,
    )


@cache
def refusals() -> Counter:
    """Credentials that were refused, by kind and reason."""
    return Counter("esteio_auth_refusals_total", "Credentials refused", ["kind", "reason"])


@cache
def security_events() -> Counter:
    """What somebody ought to look into when it becomes much.

    `login_failed`, `login_delayed`, `refresh_reused` (a stolen token, or a broken client), `origin_refused` (a page of
    a stranger wanted a socket), `host_refused`, `egress_refused` (a call to an address that is not public).
    """
    return Counter("esteio_security_events_total", "Refusals that hint at an attack", ["event"])


@cache
def audit_events() -> Counter:
    """Entries of the audit log by action; one whose transaction fails afterwards is counted all the same."""
    return Counter("esteio_audit_events_total", "Entries written to the audit log", ["action", "outcome"])


@cache
def limit_decisions() -> Counter:
    """Decisions of the limiter, by policy.

    `refused` got a 429, `shadowed` would have; without Redis, `approximate` was admitted and `unavailable` got a 503.
    """
    return Counter("esteio_limit_decisions_total", "Decisions of the rate limiter", ["policy", "outcome"])


@cache
def limit_round_trips() -> Counter:
    return Counter("esteio_limit_round_trips_total", "Questions of the rate limiter to Redis")
