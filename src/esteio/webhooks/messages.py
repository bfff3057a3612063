"""What receivers are sent: which facts, in which words, under which id."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import orjson

LARGEST = 20_000
"""Bytes of a body (Standard Webhooks asks for less than 20 kB)."""

EVERYTHING = "*"
NOT_SENT = frozenset({"task.running"})
"""Facts that are progress to be watched, several a second, and nothing to be told to another server."""


def wants(patterns: Iterable[str], event: str) -> bool:
    """Whether an endpoint asks for the event: by its name, by `pet.*`, or by `*`."""
    if event in NOT_SENT:
        return False
    return any(
        pattern in (EVERYTHING, event) or (pattern.endswith(".*") and event.startswith(pattern[:-1]))
        for pattern in patterns
    )


def message_id(event_id: UUID) -> str:
    """`webhook-id`: the same for every receiver, every retry and every replay of a fact."""
    return f"evt_{event_id.hex}"


def headers_of(message: str, at: datetime) -> dict[str, str]:
    """What each attempt says of itself in its header, beside the signature."""
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
    }


def body_of(event: str, at: datetime, data: bytes | str, subject: str) -> bytes:
    """`{"type", "timestamp", "data"}` in less than 20 kB.

    What would be larger is told without its data, by the subject's id and `"too_large": true`: receivers fetch it.
    """
    body = _written(event, at, orjson.Fragment(data))
    if len(body) < LARGEST:
        return body
    return _written(event, at, {"id": subject, "too_large": True})


def _written(event: str, at: datetime, data: object) -> bytes:
    return orjson.dumps({"type": event, "timestamp": at, "data": data}, option=orjson.OPT_UTC_Z)
