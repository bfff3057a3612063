"""How the house is seen, under `ESTEIO_TELEMETRY__…`."""

import re
import sys
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from esteio.base.schema import CommaList

_PAIR = re.compile(r"\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*=[^\r\n]*\Z")


def _collector(url: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        raise ValueError("it begins with http:// or https://")
    return url


def _named(pairs: tuple[str, ...]) -> tuple[str, ...]:
    if any(not _PAIR.match(pair) for pair in pairs):
        raise ValueError("each is of the form name=value")
    return pairs


def _headers(pairs: SecretStr) -> SecretStr:
    _named(tuple(pair for pair in pairs.get_secret_value().split(",") if pair.strip()))
    return pairs


class TelemetrySettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least that is written"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console where standard error is a terminal, else json"
    )
    access_log: bool = Field(default=True, description="write a line for every request")
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="answer GET /metrics on a port of its own: API, worker or scheduler"
    )
    metrics_host: str = Field(default="127.0.0.1", min_length=1, description="address that the metrics' port is on")
    metrics_token: SecretStr = Field(
        default=SecretStr(""), description="bearer token that scrapes show; without one everybody may who gets there"
    )
    certificates: CommaList = Field(
        default=(), description="files of certificates (PEM) whose end the metrics tell, separated by commas"
    )
    certificate_of_public_url: bool = Field(
        default=False, description="tell the end of the certificate that is seen at ESTEIO_HTTP__PUBLIC_URL too"
    )
    traces_exporter: Literal["none", "otlp", "zipkin"] = Field(
        default="none", description="how spans are sent: OTLP over HTTP (any collector), Zipkin's JSON, or not at all"
    )
    traces_endpoint: Annotated[str, AfterValidator(_collector)] = Field(
        default="", description="where to; unset: http://localhost:4318/v1/traces, for zipkin :9411/api/v2/spans"
    )
    traces_headers: Annotated[SecretStr, AfterValidator(_headers)] = Field(
        default=SecretStr(""), description="header fields for the collector: name=value,name=value"
    )
    traces_ratio: float = Field(default=0.1, ge=0, le=1, description="the part of all traces that is recorded")
    traces_follow_parent: bool = Field(
        default=True, description="a trusted proxy's decision about a trace comes before the ratio"
    )
    traces_carried: Literal["everyone", "parties", "nobody"] = Field(
        default="everyone",
        description="who is sent traceparent: operators' parties and receivers of webhooks, parties alone, nobody",
    )
    traces_service: str = Field(default="esteio", min_length=1, max_length=100, description="the service's name")
    traces_resource: Annotated[CommaList, AfterValidator(_named)] = Field(
        default=(), description="more of whoever sends: deployment.environment.name=production,…"
    )
    traces_queue: int = Field(default=2048, ge=1, le=100_000, description="spans that wait to be sent, per process")
    traces_batch: int = Field(default=256, ge=1, le=10_000, description="spans that are sent together")
    traces_timeout: float = Field(default=5.0, gt=0, le=60, description="seconds that the collector has to take them")
    traces_flush: float = Field(default=2.0, ge=0, le=30, description="seconds for what waits when a process ends")

    sentry_dsn: SecretStr = Field(
        default=SecretStr(""), description="where bugs are reported to: Sentry's DSN; empty: nowhere"
    )
    sentry_environment: str = Field(default="production", max_length=64, description="the environment that is reported")
    sentry_release: str = Field(default="", max_length=200, description="the release; unset: esteio@version")
    sentry_sample_rate: float = Field(default=1.0, ge=0, le=1, description="the part of all reports that is sent")
    sentry_most: int = Field(default=30, ge=1, le=10_000, description="reports a minute, per process")

    @property
    def for_people(self) -> bool:
        """Whether lines are written to be read in a terminal."""
        return self.log_format == "console" or (self.log_format == "auto" and sys.stderr.isatty())
