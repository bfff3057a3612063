"""The span of a request, in the words of OpenTelemetry's conventions for HTTP servers."""

import re

from esteio.http.exchange import Exchange
from esteio.telemetry.tracing.parents import Parent
from esteio.telemetry.tracing.span import SERVER_FAILS, Value
from esteio.telemetry.tracing.tracing import Tracing

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OPENLY = re.compile(r"[0-9]{1,20}|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
"""What a path may show of its parameters: numbers and ids. Anything else may be a person's or a secret."""


class RequestSpans:
    """`bound` is that of the ratio, for whoever sees a request first: most are passed over by one comparison."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self.bound = tracing.bound

    def begin(self, exchange: Exchange, parent: Parent | None) -> None:
        """Give the request a span if its trace is sampled. Probes have none."""
        operation = exchange.operation
        if (operation is not None and operation.rules.quiet) or not self._tracing.samples(exchange.trace_id, parent):
            return
        method = exchange.method if exchange.method in METHODS else "HTTP"
        name = method if operation is None else f"{method} {operation.path}"
        exchange.span = span = self._tracing.root(name, "server", {}, trace=exchange.trace_id, parent=parent)
        exchange.span_id = span.id  # for the log line, which may come long after the span


def end(exchange: Exchange) -> None:
    """The request is answered; of what streams, its answer has begun. What comes later has no span."""
    span, exchange.span = exchange.span, None
    if span is not None:
        span.attributes |= _said(exchange)
        if exchange.status >= SERVER_FAILS:
            span.fail(str(exchange.status))
        elif not exchange.status:
            span.fail("disconnected")
        else:
            span.error = ""
        span.end()


def _said(exchange: Exchange) -> dict[str, Value]:
    said: dict[str, Value] = {
        "http.request.method": exchange.method if exchange.method in METHODS else "_OTHER",
        "url.scheme": "https" if exchange.base.startswith("https") else "http",
    }
    operation = exchange.operation
    if operation is not None:
        said["http.route"] = operation.path
        said["url.path"] = _path(operation.path, exchange.parameters)
    if exchange.status:
        said["http.response.status_code"] = exchange.status
    if tenant := exchange.principal.tenant_text:
        said["esteio.tenant"] = tenant
    return said


def _path(template: str, parameters: dict[str, str]) -> str:
    for name, value in parameters.items():
        if _OPENLY.fullmatch(value):
            template = template.replace(f"{{{name}}}", value)
    return template
