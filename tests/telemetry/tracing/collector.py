"""What a collector was sent: the bodies that a real server received, read with the messages of OpenTelemetry itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.house import eventually
from tests.upstream.receiver import Receiver

PLACE = "/ok/v1/traces"


@dataclass(frozen=True)
class Seen:
    """A span as it arrived. Ids are in hexadecimal; `links` are ids of traces and spans."""

    name: str
    trace: str
    id: str
    parent: str
    kind: str
    attributes: dict[str, Any]
    links: tuple[tuple[str, str], ...]
    failed: bool
    nanoseconds: int
    resource: dict[str, Any]


def traced(collector: Receiver, ratio: float = 1.0, **changes: str) -> dict[str, str]:
    """The settings of a house that sends so large a part of its traces there."""
    return {
        "TELEMETRY__TRACES_EXPORTER": "otlp",
        "TELEMETRY__TRACES_ENDPOINT": collector.url(PLACE),
        "TELEMETRY__TRACES_RATIO": str(ratio),
        "TELEMETRY__TRACES_TIMEOUT": "10",
    } | {f"TELEMETRY__TRACES_{name}": value for name, value in changes.items()}


def spans(collector: Receiver) -> list[Seen]:
    """All that arrived, in the order in which it began."""
    found = [span for request in list(collector.requests) for span in _read(request.body)]
    return sorted(found, key=lambda span: span.nanoseconds)


def trace_with(collector: Receiver, fits: Callable[[Seen], bool], within: float = 40.0) -> list[Seen]:
    """All spans so far of the trace that a fitting span belongs to, once there is one."""

    def look() -> str | None:
        return next((span.trace for span in spans(collector) if fits(span)), None)

    trace = eventually(look, within, 0.1)
    return [span for span in spans(collector) if span.trace == trace]


def _read(body: bytes) -> list[Seen]:
    asked = ExportTraceServiceRequest.FromString(body)
    return [
        _seen(span, _values(list(source.resource.attributes)))
        for source in asked.resource_spans
        for scope in source.scope_spans
        for span in scope.spans
    ]


def _seen(span: Message, resource: dict[str, Any]) -> Seen:
    return Seen(
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        kind=Message.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        attributes=_values(list(span.attributes)),
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        nanoseconds=span.start_time_unix_nano,
        resource=resource,
    )


def _values(pairs: list[KeyValue]) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in pairs}
