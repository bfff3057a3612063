"""What a report of a bug holds: where it happened and in which request, nothing of what the request brought."""

import traceback
from pathlib import Path
from typing import Any

from esteio.telemetry.context import Context
from esteio.telemetry.failures import Failure
from esteio.telemetry.masking import shortened

_FRAMES = 50
_CAUSES = 5
_WORDS = 1_000


def event_of(failure: Failure, line: dict[str, object], context: Context | None, repeated: int) -> dict[str, Any]:
    """An event of Sentry's protocol: frames without variables, masked messages, ids instead of bodies and headers."""
    tags = {"logger": line.get("logger"), "event": line.get("event"), **_where(context), "part": line.get("part")}
    event: dict[str, Any] = {
        "level": "error",
        "platform": "python",
        "logger": line.get("logger"),
        "exception": {"values": _chain(failure)},
        "tags": {name: shortened(str(value), 200) for name, value in tags.items() if value},
        "extra": {"repeated": repeated},
    }
    if context is not None:
        event["contexts"] = {"trace": {"trace_id": context.trace_id, "span_id": context.trace_id[:16]}}
    if transaction := tags.get("route") or tags.get("job_kind"):
        event["transaction"] = str(transaction)
    return event


def _where(context: Context | None) -> dict[str, object]:
    if context is None:
        return {}
    job = str(getattr(context, "job", "") or "")
    operation = getattr(context, "operation", None)
    principal, tenant = context.who()
    return {
        "request_id": context.request_id,
        "trace_id": context.trace_id,
        "tenant": tenant,
        "principal": principal,
        "route": f"{operation.method} {operation.path}" if operation is not None else None,
        "job_kind": job.partition(":")[0],
        "job": job.partition(":")[2],
    }


def _chain(failure: Failure) -> list[dict[str, Any]]:
    """The exception and its causes, the innermost first."""
    found: list[dict[str, Any]] = []
    error: BaseException | None = failure[1]
    trace = failure[2]
    while error is not None and len(found) < _CAUSES:
        found.append(
            {
                "type": type(error).__qualname__,
                "module": type(error).__module__,
                "value": shortened(_words(error), _WORDS),
                "stacktrace": {"frames": [_frame(one) for one in traceback.extract_tb(trace, limit=-_FRAMES)]},
            }
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        trace = error.__traceback__ if error is not None else None
    return found[::-1]


def _frame(place: traceback.FrameSummary) -> dict[str, Any]:
    parts = Path(place.filename).parts
    # From the package on: where a machine keeps its programs is nobody's business.
    start = next((at + 1 for at, part in reversed(list(enumerate(parts))) if part in ("site-packages", "src")), -2)
    return {
        "filename": "/".join(parts[start:]),
        "function": place.name,
        "lineno": place.lineno,
        "context_line": shortened(place.line or "", 300),
        "in_app": "site-packages" not in parts and "lib" not in parts,
    }


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""
