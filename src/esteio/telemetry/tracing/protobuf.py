"""Spans in OTLP's own messages, made from ours in one step.

The SDK's exporter takes spans of the SDK and writes those: three times the work, most of it for attributes that
every span says again.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from esteio import __version__
from esteio.telemetry.tracing.parents import Parent
from esteio.telemetry.tracing.rendering import LONGEST, MOST, masked, shown, shown_value
from esteio.telemetry.tracing.span import Span, Value

_KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
_FAILED = 2
_SAMPLED, _KNOWS_REMOTE, _REMOTE = 0x1, 0x100, 0x200
_REMEMBERED = 4096


class Encoding:
    """Made where spans are sent: it imports the library."""

    def __init__(self, resource: Mapping[str, str | int]) -> None:
        # An extra's library, which only a process that sends spans needs.
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
        from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
        from opentelemetry.proto.resource.v1.resource_pb2 import Resource
        from opentelemetry.proto.trace.v1 import trace_pb2

        self._request = ExportTraceServiceRequest
        self._messages: Any = trace_pb2
        self._pair = _pairs(KeyValue, AnyValue)
        self._resource = Resource(attributes=[self._pair(name, value) for name, value in masked(resource).items()])
        self._scope = InstrumentationScope(name="esteio", version=__version__)
        self._failed = trace_pb2.Status(code=_FAILED)  # type: ignore[arg-type]

    def of(self, spans: Sequence[Span]) -> bytes:
        """The body of one request to the collector."""
        messages = self._messages
        scope = messages.ScopeSpans(scope=self._scope, spans=[self._span(span) for span in spans])
        whole = self._request(resource_spans=[messages.ResourceSpans(resource=self._resource, scope_spans=[scope])])
        body: bytes = whole.SerializeToString()
        return body

    def _span(self, span: Span) -> Any:
        attributes = [self._pair(name, value) for name, value in list(span.attributes.items())[:MOST]]
        if span.error and "error.type" not in span.attributes:
            attributes.append(self._pair("error.type", span.error[:LONGEST]))
        made = self._messages.Span(
            trace_id=bytes.fromhex(span.trace),
            span_id=bytes.fromhex(span.id),
            name=shown(span.name),
            kind=_KINDS[span.kind],
            start_time_unix_nano=span.began,
            end_time_unix_nano=span.began + span.took,
            attributes=attributes,
            flags=_SAMPLED | _KNOWS_REMOTE | (_REMOTE if span.parent and span.root == span.id else 0),
        )
        if span.parent:
            made.parent_span_id = bytes.fromhex(span.parent)
        if span.links:
            made.links.extend(self._link(link) for link in span.links)
        if span.error:
            made.status.CopyFrom(self._failed)
        return made

    def _link(self, parent: Parent) -> Any:
        flags = _SAMPLED | _KNOWS_REMOTE | _REMOTE
        ids = {"trace_id": bytes.fromhex(parent.trace), "span_id": bytes.fromhex(parent.span)}
        return self._messages.Span.Link(**ids, flags=flags)


def _pairs(pair: Any, value_of: Any) -> Callable[[str, Value], Any]:
    """Makes an attribute, masked; most of them have been made before."""

    @lru_cache(maxsize=_REMEMBERED, typed=True)
    def made(name: str, value: Value) -> Any:
        said = shown_value(name, value)
        if isinstance(said, bool):
            return pair(key=name, value=value_of(bool_value=said))
        if isinstance(said, int):
            return pair(key=name, value=value_of(int_value=said))
        if isinstance(said, float):
            return pair(key=name, value=value_of(double_value=said))
        return pair(key=name, value=value_of(string_value=said))

    return made
