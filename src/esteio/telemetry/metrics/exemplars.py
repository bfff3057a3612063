"""Examples of what is in a histogram's buckets: the trace of the last sampled request of each.

The library keeps none where several processes count. Here each process writes its own to a file every few seconds;
they are joined when the figures are shown. Only traces that are recorded may be named: an example that leads nowhere
would be a lie.
"""

import json
import os
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from prometheus_client.core import Exemplar, Metric
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from esteio.telemetry.metrics.directory import shared

MOST = 4096
"""Examples that one process keeps: the latest."""

Labels = tuple[tuple[str, str], ...]
Bucket = tuple[str, Labels]
"""A histogram's name, and a bucket's labels in the order of their names."""

Example = tuple[str, float, float]
"""A trace's id, the value, and when it was observed (Unix time)."""


class Exemplars:
    """Those of one process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Bucket, Example] = OrderedDict()
        self._changed = False

    def note(self, histogram: str, labels: Labels, bounds: Sequence[float], value: float, trace_id: str) -> None:
        """The trace is an example of the bucket that the value falls into; `bounds` are those of the histogram."""
        place = bisect_left(bounds, value)
        bound = floatToGoString(bounds[place] if place < len(bounds) else float("inf"))  # type: ignore[no-untyped-call]
        bucket = (histogram, tuple(sorted((*labels, ("le", bound)))))
        self._kept[bucket] = (trace_id, value, time.time())
        self._kept.move_to_end(bucket)
        self._changed = True
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def tell(self) -> None:
        """Write them down for the other processes, where there are any and there is something new."""
        folder = shared()
        if folder is None or not self._changed:
            return
        self._changed = False
        place = folder / f"exemplars_{os.getpid()}.json"
        made = place.with_suffix(".new")
        made.write_text(json.dumps([(*bucket, example) for bucket, example in self._kept.items()]))
        made.replace(place)

    def items(self) -> dict[Bucket, Example]:
        return dict(self._kept)


OWN = Exemplars()
"""Of this process."""


def gathered() -> dict[Bucket, Example]:
    """The latest example of each bucket, of all processes that live."""
    OWN.tell()
    folder = shared()
    if folder is None:
        return OWN.items()
    latest: dict[Bucket, Example] = {}
    for place in sorted(folder.glob("exemplars_*.json")):
        for bucket, example in _read(place).items():
            known = latest.get(bucket)
            if known is None or known[2] < example[2]:
                latest[bucket] = example
    return latest


def attach(metrics: dict[str, Metric], examples: dict[Bucket, Example]) -> None:
    """Give each bucket its example."""
    of: dict[str, dict[Labels, Example]] = {}
    for (histogram, labels), example in examples.items():
        of.setdefault(histogram, {})[labels] = example
    for histogram, by_labels in of.items():
        if histogram in metrics:
            _attach(metrics[histogram], by_labels)


def _attach(metric: Metric, examples: dict[Labels, Example]) -> None:
    for place, sample in enumerate(metric.samples):
        example = examples.get(tuple(sorted(sample.labels.items()))) if "le" in sample.labels else None
        if example is not None:
            trace_id, value, at = example
            exemplar = Exemplar({"trace_id": trace_id}, value, at)
            metric.samples[place] = Sample(sample.name, sample.labels, sample.value, None, exemplar)


def _read(place: Path) -> dict[Bucket, Example]:
    with suppress(FileNotFoundError):
        return {
            (histogram, tuple((name, value) for name, value in labels)): (trace, value, at)
            for histogram, labels, (trace, value, at) in json.loads(place.read_text())
        }
    return {}
