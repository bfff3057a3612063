"""Prometheus metrics that are right with many processes: each writes to a shared directory, any of them answers."""

from esteio.telemetry.metrics.directory import DIRECTORY, prepare_directory
from esteio.telemetry.metrics.door import serve_metrics
from esteio.telemetry.metrics.ended import forget_process
from esteio.telemetry.metrics.exposition import exposition
from esteio.telemetry.metrics.families import Family, publish
from esteio.telemetry.metrics.measures import (
    REQUEST_SECONDS,
    SECONDS,
    audit_events,
    limit_decisions,
    limit_round_trips,
    refusals,
    request_seconds,
    security_events,
)
from esteio.telemetry.metrics.processes import PLACE, enter

__all__ = [
    "DIRECTORY",
    "PLACE",
    "REQUEST_SECONDS",
    "SECONDS",
    "Family",
    "audit_events",
    "enter",
    "exposition",
    "forget_process",
    "limit_decisions",
    "limit_round_trips",
    "prepare_directory",
    "publish",
    "refusals",
    "request_seconds",
    "security_events",
    "serve_metrics",
]
