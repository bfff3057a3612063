"""The ways to a collector. OpenTelemetry's libraries are imported here alone, and only where traces are on."""

import logging
import os
import socket
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from esteio import __version__
from esteio.base.errors import StartRefused
from esteio.telemetry.settings import TelemetrySettings
from esteio.telemetry.tracing.outlet import Exporter
from esteio.telemetry.tracing.protobuf import Encoding
from esteio.telemetry.tracing.rendering import Rendering
from esteio.telemetry.tracing.span import Span

_NEEDED = {
    "otlp": ("opentelemetry.exporter.otlp.proto.http", "tracing"),
    "zipkin": ("opentelemetry.exporter.zipkin.json", "zipkin"),
}
TAKEN = 200
ENDPOINTS = {"otlp": "http://localhost:4318/v1/traces", "zipkin": "http://localhost:9411/api/v2/spans"}


class Refused(Exception):
    """The collector did not take the spans."""


def refuse_missing(settings: TelemetrySettings) -> None:
    """Raise `StartRefused` where the exporter that the settings name is not installed."""
    module, extra = _NEEDED[settings.traces_exporter]
    try:
        found = find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise StartRefused(
            f"Traces cannot be sent: install esteio[{extra}], or set ESTEIO_TELEMETRY__TRACES_EXPORTER=none."
        )


def exporter_of(settings: TelemetrySettings, process: str) -> Exporter:
    """The exporter of the settings. `process` says which of the house's processes this is."""
    for library in ("opentelemetry", "urllib3"):  # each batch that is lost would be a line or two
        logging.getLogger(library).setLevel(logging.CRITICAL)
    resource = _resource(settings, process)
    if settings.traces_exporter == "zipkin":
        return _Zipkin(_zipkin(settings), Rendering(resource))
    return _Otlp(settings, Encoding(resource))


class _Otlp:
    """OTLP over HTTP, in binary form. A batch that is not taken is lost: the next comes in a second."""

    def __init__(self, settings: TelemetrySettings, encoding: Encoding) -> None:
        self._session = _session(settings)
        self._session.headers["Content-Type"] = "application/x-protobuf"
        self._endpoint = settings.traces_endpoint or ENDPOINTS["otlp"]
        self._timeout = settings.traces_timeout
        self._encoding = encoding

    def send(self, spans: Sequence[Span]) -> None:
        answer = self._session.post(
            self._endpoint, data=self._encoding.of(spans), timeout=self._timeout, allow_redirects=False
        )
        if answer.status_code != TAKEN:
            raise Refused

    def stop(self) -> None:
        self._session.close()


class _Zipkin:
    def __init__(self, sender: Any, rendering: Rendering) -> None:
        self._sender = sender
        self._rendering = rendering

    def send(self, spans: Sequence[Span]) -> None:
        result = self._sender.export([self._rendering.of(span) for span in spans])
        if result.name != "SUCCESS":
            raise Refused

    def stop(self) -> None:
        self._sender.shutdown()


def _zipkin(settings: TelemetrySettings) -> Any:
    # A heavy library of an extra, which only a process that sends spans needs.
    from opentelemetry.exporter.zipkin.json import ZipkinExporter

    endpoint = settings.traces_endpoint or ENDPOINTS["zipkin"]
    # Typed as whole seconds; what it is given to takes any number.
    return ZipkinExporter(endpoint=endpoint, timeout=settings.traces_timeout, session=_session(settings))  # type: ignore[arg-type]


def _session(settings: TelemetrySettings) -> Any:
    # As above.
    from esteio.telemetry.tracing.sessions import bounded_session

    session = bounded_session()
    session.headers.update(pairs(settings.traces_headers.get_secret_value().split(",")))
    return session


def _resource(settings: TelemetrySettings, process: str) -> dict[str, str | int]:
    """Who sends: the service, its release, this process and what kind it is."""
    return {
        "service.name": settings.traces_service,
        "service.version": __version__,
        "service.instance.id": f"{socket.gethostname()[:64]}-{os.getpid()}",
        "process.pid": os.getpid(),
        "esteio.process": process,
        **pairs(settings.traces_resource),
    }


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """`name=value` each; empty texts are passed over."""
    split = [text.partition("=") for text in texts if text.strip()]
    return {name.strip(): value.strip() for name, _, value in split}
