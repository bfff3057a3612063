"""The identity of the request that is being served: its ids, its trace, the span that its work belongs to."""

import random
import re
from contextvars import ContextVar
from typing import Any, Protocol


class Context(Protocol):
    """What a log line says of the request it belongs to."""

    request_id: str
    trace_id: str
    waited: float
    """Seconds that the request has spent on the database so far."""
    span: Any
    """Its span (`tracing.span.Span`), as long as it lasts; `None` for what is not traced."""

    def who(self) -> tuple[str, str]:
        """The ids of principal and tenant; empty while they are not known."""
        ...


current: ContextVar[Context | None] = ContextVar("esteio_request", default=None)
active: ContextVar[Any] = ContextVar("esteio_span", default=None)
"""The innermost span whose block the running task is in. It may be of a request that is over: see `present_span`."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}\Z")
_random = random.SystemRandom()
_ids = random.Random(_random.getrandbits(256))  # noqa: S311 - names, not secrets; seeded from the system once


def reseed() -> None:
    """Take a new seed: a forked process must not make the ids of its parent again."""
    _ids.seed(_random.getrandbits(256))


def new_trace_id() -> str:
    """32 hexadecimal digits."""
    return f"{_ids.getrandbits(128):032x}"


def new_span_id() -> str:
    """16 hexadecimal digits, not all of them 0."""
    return f"{_ids.getrandbits(64) or 1:016x}"


def present_span() -> Any:
    """The span that the running task is in; `None` where nothing is traced."""
    context = current.get()
    if context is None or (root := context.span) is None:
        return None
    inner = active.get()
    return inner if inner is not None and inner.took < 0 and inner.root == root.root else root


def accepted_request_id(value: bytes | None) -> str | None:
    """The caller's own request id when it is 1–128 characters of `[A-Za-z0-9._-]`, else `None`."""
    return value.decode() if value and _REQUEST_ID.match(value) else None
