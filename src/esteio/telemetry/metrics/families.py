"""Figures that are not counted where they happen: those of the whole house, of certificates, of a process itself.

One process finds them, and whoever answers a scrape shows what it has published last.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from prometheus_client.core import Metric

from esteio.telemetry.metrics.directory import shared

GOOD_FOR = 60.0
"""Seconds for which published figures are shown: longer than that nobody was there to find them anew."""

_FILE = "published.json"
_here: list[str] = []


@dataclass
class Family:
    """One metric: its name without the `_total` of counters, what it tells, its samples as labels and value."""

    name: str
    words: str
    kind: Literal["gauge", "counter"] = "gauge"
    samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)

    def add(self, value: float, **labels: str) -> "Family":
        """One more sample; the family, to go on with."""
        self.samples.append((labels, value))
        return self


def publish(families: Iterable[Family]) -> None:
    """Show these from now on, in place of those that were published before."""
    text = json.dumps({"at": time.time(), "families": [asdict(family) for family in families]})
    folder = shared()
    if folder is None:
        _here[:] = [text]
        return
    made = folder / f"{_FILE}.new"
    made.write_text(text)
    made.replace(folder / _FILE)


def published() -> list[Family]:
    """What was published last, if it is not too old."""
    text = _text(shared())
    if not text:
        return []
    told = json.loads(text)
    if time.time() - told["at"] > GOOD_FOR:
        return []
    return [
        Family(**family | {"samples": [(labels, value) for labels, value in family["samples"]]})
        for family in told["families"]
    ]


def put(metrics: dict[str, Metric], family: Family) -> None:
    """Add a family's samples to the metrics by name."""
    metric = metrics.get(family.name)
    if metric is None:
        metric = metrics[family.name] = Metric(family.name, family.words, family.kind)
    sample = f"{family.name}_total" if family.kind == "counter" else family.name
    for labels, value in family.samples:
        metric.add_sample(sample, dict(labels), value)


def _text(folder: Path | None) -> str:
    if folder is None:
        return _here[0] if _here else ""
    try:
        return (folder / _FILE).read_text()
    except FileNotFoundError:
        return ""
