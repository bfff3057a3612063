"""Structured logs: JSON in production, readable in a terminal; each line carries the request it belongs to."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import orjson
import structlog

from esteio.telemetry.context import current
from esteio.telemetry.masking import mask, mask_text
from esteio.telemetry.settings import TelemetrySettings

Event = MutableMapping[str, Any]


def log(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a part; `name` is its package, such as `esteio.auth`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


class _ToStandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the time, since tests and supervisors replace it."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        pass


def ensure_configured(settings: TelemetrySettings) -> None:
    """Configure unless it was done: what an unconfigured logger writes is neither structured nor masked."""
    if not structlog.is_configured():
        configure(settings)


def configure(settings: TelemetrySettings) -> None:
    """Send every line of this process, also those of libraries, through one chain to standard error."""
    shared: list[Callable[..., Any]] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_rendering(settings),
        ],
    )
    handler = _ToStandardError()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for chatty in ("asyncio", "alembic", "httpcore", "httpx", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _rendering(settings: TelemetrySettings) -> list[Any]:
    if settings.for_people:
        return [structlog.processors.format_exc_info, _mask_event, structlog.dev.ConsoleRenderer(colors=False)]
    return [
        structlog.processors.format_exc_info,
        _mask_event,
        structlog.processors.JSONRenderer(serializer=_json),
    ]


def _add_request(_: Any, __: str, event: Event) -> Event:
    context = current.get()
    if context is not None:
        principal, tenant = context.who()
        event.setdefault("request_id", context.request_id)
        event.setdefault("trace_id", context.trace_id)
        if job := getattr(context, "job", None):
            event.setdefault("job", job)
        if principal:
            event.setdefault("principal", principal)
            event.setdefault("tenant", tenant)
    return event


def _mask_event(_: Any, __: str, event: Event) -> Event:
    return {key: mask(value, key) for key, value in event.items()}


def _json(event: Any, **_: Any) -> str:
    # orjson escapes CR and LF, so that no value can forge a line.
    return orjson.dumps(event, default=lambda value: mask_text(repr(value))).decode()
