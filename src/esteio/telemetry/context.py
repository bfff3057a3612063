"""The identity of the request that is being served, and W3C trace context (traceparent)."""

import random
import re
from contextvars import ContextVar
from typing import Protocol


class Context(Protocol):
    """What a log line says of the request it belongs to."""

    request_id: str
    trace_id: str
    waited: float
    """Seconds that the request has spent on the database so far."""

    def who(self) -> tuple[str, str]:
        """The ids of principal and tenant; empty while they are not known."""
        ...


current: ContextVar[Context | None] = ContextVar("esteio_request", default=None)

_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\Z")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}\Z")
_random = random.SystemRandom()
_ids = random.Random(_random.getrandbits(256))  # noqa: S311 - names, not secrets; seeded from the system once


def reseed() -> None:
    """Take a new seed: a forked process must not make the ids of its parent again."""
    _ids.seed(_random.getrandbits(256))


def new_trace_id() -> str:
    """32 hexadecimal digits."""
    return f"{_ids.getrandbits(128):032x}"


def trace_of(traceparent: bytes | None) -> str | None:
    """The trace id of a valid `traceparent` (W3C Trace Context, version 00), else `None`."""
    match = _TRACEPARENT.match(traceparent) if traceparent else None
    if match is None or match[1] == b"0" * 32 or match[2] == b"0" * 16:
        return None
    return match[1].decode()


def accepted_request_id(value: bytes | None) -> str | None:
    """The caller's own request id when it is 1–128 characters of `[A-Za-z0-9._-]`, else `None`."""
    return value.decode() if value and _REQUEST_ID.match(value) else None
