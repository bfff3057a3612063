"""Prometheus metrics that are right with many processes: each writes to a shared directory, any of them answers."""

import os
import tempfile
from functools import cache

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
    start_http_server,
)

from esteio.base.errors import StartRefused

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def prepare_directory() -> str:
    """Choose the directory that the child processes of one `serve` share, unless the operator has chosen one.

    It is for processes that are started afterwards: the library decides when it is imported where it counts.
    """
    if DIRECTORY not in os.environ:
        os.environ[DIRECTORY] = tempfile.mkdtemp(prefix="esteio-metrics-")
    return os.environ[DIRECTORY]


def exposition() -> bytes:
    """All metrics of all processes in the Prometheus text format."""
    registry = CollectorRegistry()
    if DIRECTORY in os.environ:
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest()


def serve_metrics(port: int) -> None:
    """Answer with the metrics on a port of the loopback address, for processes that have no other door."""
    registry = CollectorRegistry() if DIRECTORY in os.environ else REGISTRY
    if DIRECTORY in os.environ:
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    try:
        start_http_server(port, "127.0.0.1", registry)
    except OSError as error:
        raise StartRefused(f"Port {port} of 127.0.0.1 cannot be used: {error.strerror}.") from error


def forget_process(pid: int) -> None:
    """Drop the gauges of a process that ended; its counters stay."""
    if DIRECTORY in os.environ:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


@cache
def request_seconds() -> Histogram:
    """Rate, errors and duration by route template (RED)."""
    return Histogram(
        "esteio_http_request_duration_seconds",
        "Time from the first byte of a request to the last of its answer",
        ["method", "route", "status"],
        buckets=SECONDS,
    )


@cache
def refusals() -> Counter:
    """Credentials that were refused, by kind and reason."""
    return Counter("esteio_auth_refusals_total", "Credentials refused", ["kind", "reason"])


@cache
def limit_decisions() -> Counter:
    """Notable decisions of the limiter, by policy.

    `refused` got a 429, `shadowed` would have; without Redis, `approximate` was admitted and `unavailable` got a 503.
    """
    return Counter("esteio_limit_decisions_total", "Notable decisions of the rate limiter", ["policy", "outcome"])


@cache
def limit_round_trips() -> Counter:
    return Counter("esteio_limit_round_trips_total", "Questions of the rate limiter to Redis")
