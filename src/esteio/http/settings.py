"""How the API is reached and bounded, under `ESTEIO_HTTP__…`."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from esteio.base.schema import CommaList

_ORIGIN = re.compile(r"https?://[^\s/*@?#]+/?")


def _origins(listed: tuple[str, ...]) -> tuple[str, ...]:
    for origin in listed:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError("each origin is a scheme and a host, such as https://console.example.org; `*` is none")
    return listed


class HttpSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    public_url: str = Field(
        default="http://127.0.0.1:8000", pattern=r"^https?://[^\s/]+(/[^\s]*[^\s/])?$", description="base of all links"
    )
    app_name: str = Field(
        default="Esteio", min_length=1, max_length=60, description="what documents and mails call the deployment"
    )
    api_version: str = Field(default="2.0.0", pattern=r"^\d+\.\d+\.\d+$", description="`version` of the v2 envelope")
    trusted_hosts: CommaList = Field(
        default=("*",), description="accepted Host headers; `*.example.org` for subdomains"
    )
    cors_origins: Annotated[CommaList, AfterValidator(_origins)] = Field(
        default=(), description="origins that browsers may call from, such as https://console.example.org; never `*`"
    )
    trusted_proxies: CommaList = Field(
        default=(),
        description="networks whose X-Forwarded-* and traceparent are believed; `unix`: whoever may use the socket",
    )
    swagger_ui: bool = Field(default=True, description="serve Swagger UI at /docs")
    redoc: bool = Field(default=True, description="serve the reference at /redoc")
    console: bool = Field(default=True, description="serve the console at /console")
    body_limit: int = Field(
        default=1_048_576, ge=1024, le=1 << 30, description="bytes of a body, unless a route says other"
    )
    json_depth: int = Field(default=32, ge=2, le=200, description="levels of a JSON body")
    json_members: int = Field(default=10_000, ge=10, le=1_000_000, description="members and elements of a JSON body")
    time_budget: float = Field(default=10.0, gt=0, le=600, description="seconds that a handler may take")
    max_running: int = Field(default=100, ge=1, le=10_000, description="operations at once per process; beyond: 503")
    cache_bytes: int = Field(default=32 * 1_048_576, ge=0, description="bytes of memory for kept answers, per process")
    idempotency_hours: int = Field(default=24, ge=1, le=720, description="how long an Idempotency-Key is known")
    drain_notice: float = Field(default=0.0, ge=0, le=60, description="seconds of not being ready before the drain")
    drain_seconds: float = Field(default=20.0, ge=0, le=300, description="time for requests in flight after SIGTERM")
