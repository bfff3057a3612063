"""Counters of carrying and running, by kind of job."""

from functools import cache

from prometheus_client import Counter, Histogram

from esteio.telemetry.metrics import SECONDS


@cache
def runs() -> Counter:
    """Runs by how they ended: succeeded, failed (a dead letter), retrying, cancelled, lost, handed_back."""
    return Counter("esteio_job_runs_total", "Runs of jobs by how they ended", ["kind", "ended"])


@cache
def run_seconds() -> Histogram:
    return Histogram("esteio_job_run_seconds", "Time from claim to end of a run", ["kind"], buckets=(*SECONDS, 60, 600))


@cache
def start_seconds() -> Histogram:
    """Only first runs: a later one starts when its rest is over."""
    return Histogram(
        "esteio_job_start_seconds", "Time from being written down to the first run", ["kind"], buckets=SECONDS
    )


@cache
def carried() -> Counter:
    return Counter("esteio_jobs_carried_total", "Ids of jobs given to the broker", ["queue", "outcome"])


@cache
def reclaimed() -> Counter:
    """Jobs taken back from workers that gave no sign of life, and ids that did not arrive."""
    return Counter("esteio_jobs_reclaimed_total", "Jobs taken back by the reconciler", ["why"])
