"""Structured logs: JSON in production, readable in a terminal; each line carries the request it belongs to."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog

from esteio.telemetry import output
from esteio.telemetry.context import current, present_span
from esteio.telemetry.lines import Event, as_object, as_sentence, tell_failure
from esteio.telemetry.reports import install
from esteio.telemetry.settings import TelemetrySettings


def log(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a part; `name` is its package, such as `esteio.auth`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


class _ToOutput(logging.Handler):
    """Writes each record as one line."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as error:
            # The standard way would print the record's arguments as they are.
            at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
            told = {"event": "line not formed", "level": "error", "logger": record.name, "timestamp": at}
            line = as_object(None, "", {**told, "cause": type(error).__name__})
        output.write(line + "\n")


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
            tell_failure,
            as_sentence if settings.for_people else as_object,
        ],
    )
    install(settings)
    handler = _ToOutput()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for chatty in ("asyncio", "alembic", "httpcore", "httpx", "uvicorn.access", "esteio.db.metrics.TimedPool"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _add_request(_: Any, __: str, event: Event) -> Event:
    context = current.get()
    if context is not None:
        principal, tenant = context.who()
        event.setdefault("request_id", context.request_id)
        event.setdefault("trace_id", context.trace_id)
        if (span := present_span()) is not None:
            event.setdefault("span_id", span.id)
        if job := getattr(context, "job", None):
            event.setdefault("job", job)
        if principal:
            event.setdefault("principal", principal)
            event.setdefault("tenant", tenant)
    return event
