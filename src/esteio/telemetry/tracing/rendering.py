"""Spans as the SDK's exporters take them: masked, cut to size, never with values that were not meant for it."""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from esteio import __version__
from esteio.telemetry.masking import MASK, beginning, mask
from esteio.telemetry.tracing.parents import Parent
from esteio.telemetry.tracing.span import Span, Value

LONGEST = 512
"""Characters of an attribute."""

MOST = 64
"""Attributes of a span."""


class Rendering:
    """Made where spans are sent: it imports the library."""

    def __init__(self, resource: Mapping[str, str | int]) -> None:
        # An extra's library, which only a process that sends spans needs.
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        self._trace = trace
        self._span = ReadableSpan
        self._resource = Resource(masked(resource))
        self._scope = InstrumentationScope("esteio", __version__)
        self._kinds = {kind.name.lower(): kind for kind in trace.SpanKind}
        self._fine, self._failed = trace.Status(), trace.Status(trace.StatusCode.ERROR)
        self._flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)

    def of(self, span: Span) -> Any:
        """The span as an exporter of the SDK takes it."""
        attributes = masked(span.attributes)
        if span.error:
            attributes.setdefault("error.type", span.error[:LONGEST])
        near = span.root != span.id
        return self._span(
            name=shown(span.name),
            context=self._context(span.trace, span.id, remote=False),
            parent=self._context(span.trace, span.parent, remote=not near) if span.parent else None,
            resource=self._resource,
            attributes=attributes,
            links=[self._link(link) for link in span.links],
            kind=self._kinds[span.kind],
            instrumentation_scope=self._scope,
            status=self._failed if span.error else self._fine,
            start_time=span.began,
            end_time=span.began + span.took,
        )

    def _context(self, trace: str, span: str, *, remote: bool) -> Any:
        return self._trace.SpanContext(int(trace, 16), int(span, 16), remote, self._flags)

    def _link(self, parent: Parent) -> Any:
        return self._trace.Link(self._context(parent.trace, parent.span, remote=True))


def masked(attributes: Mapping[str, Value]) -> dict[str, Value]:
    """Without secrets, by the names of attributes and by the shape of their values."""
    return {name: shown_value(name, value) for name, value in list(attributes.items())[:MOST]}


def shown_value(name: str, value: Value) -> Value:
    """What is sent as the value of an attribute of this name."""
    if _is_secret(name):
        return MASK
    if isinstance(value, bool | int | float):
        return value
    return shown(value if isinstance(value, str) else str(value))


@lru_cache(maxsize=4096)
def shown(text: str) -> str:
    """The beginning, masked. Most of what spans say they say again and again."""
    return beginning(text, LONGEST)


@cache
def _is_secret(name: str) -> bool:
    return bool(mask("", name) == MASK)
