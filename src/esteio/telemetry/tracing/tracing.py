"""Whether something is traced, and the beginning of traces: one for each process, made after it was started."""

import asyncio
from collections.abc import Sequence

from esteio.telemetry.context import new_trace_id
from esteio.telemetry.settings import TelemetrySettings
from esteio.telemetry.tracing.exporters import exporter_of, refuse_missing
from esteio.telemetry.tracing.outlet import Outlet
from esteio.telemetry.tracing.parents import Parent
from esteio.telemetry.tracing.span import Kind, Receiver, Span, Value

_DIGITS = 14
ALL = "g"
"""Beyond every hexadecimal digit."""


class Tracing:
    """Decides and begins; what has ended goes to the collector from a thread of its own.

    `bound`: a trace is sampled whose id's last 56 bits, as text, lie below it; every process comes to the same
    decision about one trace. Raises `StartRefused` where the settings ask for what is not installed.
    """

    def __init__(self, settings: TelemetrySettings, process: str = "esteio") -> None:
        self.on = settings.traces_exporter != "none"
        self.bound = bound_of(settings.traces_ratio) if self.on else ""
        self._follows = settings.traces_follow_parent
        self._carried = settings.traces_carried
        self._patience = settings.traces_flush
        self._outlet: Outlet | None = None
        if self.on:
            refuse_missing(settings)
            self._outlet = Outlet(
                lambda: exporter_of(settings, process), most=settings.traces_queue, batch=settings.traces_batch
            )

    def samples(self, trace: str, parent: Parent | None = None) -> bool:
        """The decision about a trace. A parent that is believed has made it, where the operator lets parents."""
        if parent is not None and self._follows:
            return self.on and parent.sampled
        return trace[-_DIGITS:] < self.bound

    def root(
        self,
        name: str,
        kind: Kind,
        attributes: dict[str, Value],
        *,
        trace: str = "",
        parent: Parent | None = None,
        links: Sequence[Parent] = (),
    ) -> Span:
        """The first span of this process in a trace that was decided to be traced."""
        if parent is None:
            return Span(self, name, trace or new_trace_id(), "", kind, attributes, links=links)
        return Span(self, name, parent.trace, parent.span, kind, attributes, links=links)

    def finished(self, span: Span) -> None:
        """Send a span, sooner or later; costs the caller no waiting."""
        if self._outlet is not None:
            self._outlet.put(span)

    def told_to(self, receiver: Receiver) -> bool:
        return self._carried == "everyone" or (self._carried == "parties" and receiver == "party")

    async def close(self) -> None:
        """Send what waits, for as long as the settings allow; the rest is dropped."""
        if self._outlet is not None:
            await asyncio.to_thread(self._outlet.close, self._patience)


def bound_of(ratio: float) -> str:
    """Below which so large a part of all ids lies."""
    return ALL if ratio >= 1 else f"{int(ratio * 16**_DIGITS):0{_DIGITS}x}"
