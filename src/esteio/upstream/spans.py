"""Spans of calls to the outside, in the words of OpenTelemetry's conventions for HTTP clients.

An address shows its host and port alone: its path and query may be what proves who calls.
"""

import httpx

from esteio.telemetry.context import present_span
from esteio.telemetry.tracing.span import NOTHING, Nothing, Span

_PORTS = {"http": 80, "https": 443}
CALLER_FAILS = 400


def outgoing(method: str, url: httpx.URL) -> Span | Nothing:
    """The span of a request that is sent now."""
    parent: Span | None = present_span()
    if parent is None:
        return NOTHING
    return parent.child(
        method,
        "client",
        {
            "http.request.method": method,
            "server.address": url.host,
            "server.port": url.port or _PORTS.get(url.scheme, 0),
            "url.scheme": url.scheme,
        },
    )


def answered(span: Span | Nothing, status: int) -> None:
    """The other side has answered. For whoever asked, 4xx is a failure too."""
    span.set("http.response.status_code", status)
    if status >= CALLER_FAILS:
        span.fail(str(status))
