"""Spans that are kept in place of being sent, and a request or run around what makes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from esteio.jobs.context import JobContext
from esteio.telemetry.context import current
from esteio.telemetry.settings import TelemetrySettings
from esteio.telemetry.tracing.span import Span
from esteio.telemetry.tracing.tracing import Tracing


class Kept(Tracing):
    """Keeps what has ended instead of sending it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(TelemetrySettings(**{"traces_exporter": "otlp", "traces_ratio": 1, **settings}))
        self.spans: list[Span] = []

    def finished(self, span: Span) -> None:
        self.spans.append(span)

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]


@contextmanager
def within(tracing: Tracing | None) -> Iterator[Span | None]:
    """A run that is traced, or one that is not."""
    root = tracing.root("root", "server", {}) if tracing is not None else None
    token = current.set(JobContext("request", "0" * 32, "", "", "", root))
    try:
        yield root
    finally:
        current.reset(token)
        if root is not None:
            root.end()
