"""All figures of all processes of a server, as text for whoever scrapes."""

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from prometheus_client import REGISTRY, generate_latest, multiprocess
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics

from esteio.telemetry.metrics.directory import locked, shared
from esteio.telemetry.metrics.ended import living_files, sweep
from esteio.telemetry.metrics.exemplars import attach, gathered
from esteio.telemetry.metrics.families import Family, put
from esteio.telemetry.metrics.processes import of_the_server

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = openmetrics.CONTENT_TYPE_LATEST
_ASKED_BY = "application/openmetrics-text"
_OURS = "esteio_"
_TRIES = 3


class Collected:
    """Metrics as the library's writers want to be given them."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def exposition(accept: str = "", families: Iterable[Family] = ()) -> tuple[bytes, str]:
    """The text and its content type: OpenMetrics, with exemplars, for who accepts it, else Prometheus's own format.

    `families` are shown beside what was counted. Reads files: not to be called on an event loop that is in a hurry.
    """
    wanted = _ASKED_BY in accept
    metrics = {metric.name: metric for metric in _counted(shared(), with_exemplars=wanted)}
    for family in (*of_the_server(), *families):
        put(metrics, family)
    collected = Collected([metrics[name] for name in sorted(metrics)])
    if wanted:
        return openmetrics.generate_latest(collected), OPENMETRICS  # type: ignore[no-untyped-call]
    return generate_latest(collected), PLAIN


def _counted(folder: Path | None, *, with_exemplars: bool) -> list[Metric]:
    if folder is None:
        found = [_without_birthdays(metric) for metric in REGISTRY.collect() if metric.name.startswith(_OURS)]
        examples = gathered() if with_exemplars else {}
    else:
        with locked(folder):
            sweep(folder)
            examples = gathered() if with_exemplars else {}
            found = _merged(folder)
    attach({metric.name: metric for metric in found}, examples)
    return found


def _merged(folder: Path) -> list[Metric]:
    for remaining in reversed(range(_TRIES)):
        try:
            return list(multiprocess.MultiProcessCollector.merge(living_files(folder)))  # type: ignore[no-untyped-call]
        except (struct.error, RuntimeError, FileNotFoundError):
            # A process writes while its file is read: a new entry was half there.
            if not remaining:
                raise
    raise AssertionError


def _without_birthdays(metric: Metric) -> Metric:
    """Without the times at which series were made, which several processes do not tell either."""
    metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
    return metric
