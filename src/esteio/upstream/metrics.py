"""What calls to parties outside count, by the party's name."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from esteio.telemetry.metrics import SECONDS


@cache
def call_seconds() -> Histogram:
    """Whole calls. Outcomes: `answered`, `failed`, `refused` (the breaker was open), `cancelled` by the caller."""
    return Histogram(
        "esteio_upstream_call_duration_seconds",
        "Time of a call to a party outside, with all its tries",
        ["party", "outcome"],
        buckets=SECONDS,
    )


@cache
def failed_tries() -> Counter:
    """By what went wrong: the name of the failure, such as `TookTooLong`, `Failing` or `Unfit`."""
    return Counter("esteio_upstream_failed_tries_total", "Tries that failed", ["party", "why"])


@cache
def retries() -> Counter:
    """`sent`, or `saved` where the budget of retries was used up."""
    return Counter("esteio_upstream_retries_total", "Repetitions of calls that failed", ["party", "outcome"])


@cache
def breaker_open() -> Gauge:
    """1 while any process holds the party to be down."""
    return Gauge("esteio_upstream_breaker_open", "Whether the breaker is open", ["party"], multiprocess_mode="livemax")


@cache
def breaker_openings() -> Counter:
    return Counter("esteio_upstream_breaker_openings_total", "Openings of the breaker", ["party"])


@cache
def cache_answers() -> Counter:
    """By state: HIT, MISS or STALE."""
    return Counter("esteio_upstream_cache_answers_total", "Answers of the cache", ["party", "state"])


@cache
def joined() -> Counter:
    """Callers that waited for a fetch of another: in the same `process`, or `elsewhere`."""
    return Counter("esteio_upstream_joined_total", "Callers that shared somebody else's fetch", ["party", "where"])


@cache
def cache_refreshes() -> Counter:
    """Fetches in the background: `fetched` or `failed`."""
    return Counter("esteio_upstream_cache_refreshes_total", "Stale values fetched anew", ["party", "outcome"])
