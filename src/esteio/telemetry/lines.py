"""The form of a line: a JSON object for programs, a sentence for people; neither can be forged from within."""

import json
import re
import traceback
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

from esteio.telemetry.failures import Failure, failure_of
from esteio.telemetry.masking import mask, mask_text, shortened
from esteio.telemetry.reports import report

Event = MutableMapping[str, Any]

LONGEST = 15_000
"""Bytes of a line: Docker cuts what is longer than 16 kB into two, journald what is longer than 48."""

_TRACE = 8_000
"""Characters of an exception's words: its beginning and, where the cause is told, its end."""

_MEMBERS = 60
_IDENTITY = ("event", "level", "logger", "timestamp", "request_id", "trace_id", "job", "tenant", "exception")
# Control characters, ends of lines beyond ASCII, and marks that turn the direction of writing.
_ODD = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_INDENT = "    | "
_console = structlog.dev.ConsoleRenderer(colors=False)


def tell_failure(_: Any, __: str, event: Event) -> Event:
    """Put an exception's words into `exception`: its frames without their variables, its message masked.

    What is an error and not foreseen is reported too.
    """
    given = event.pop("exc_info", None)
    if failure := failure_of(given):
        event["exception"] = told(failure)
        if event.get("level") in ("error", "critical"):
            report(failure, dict(event))
    return event


def told(failure: Failure) -> str:
    """The frames and messages of an exception and its causes, masked, of bounded length and without variables."""
    text = "".join(traceback.TracebackException(*failure, limit=-30, capture_locals=False).format()).rstrip("\n")
    if len(text) > _TRACE:
        half = _TRACE // 2
        return f"{shortened(text, half)}\n…\n{mask_text(text[-half:].partition(chr(10))[2])}"
    return mask_text(text)


def as_object(_: Any, __: str, event: Event) -> str:
    """The line as JSON."""
    line = _dumped(_masked(event))
    if len(line) <= LONGEST or len(line.encode()) <= LONGEST:
        return line
    kept = {name: event[name] for name in _IDENTITY if name in event}
    return _dumped(_masked(kept) | {"cut": len(line)})


def as_sentence(_: Any, __: str, event: Event) -> str:
    """The line as in a terminal; an exception follows it, on lines that cannot be taken for lines of their own."""
    shown = _masked(event)
    failure = shown.pop("exception", None)
    line = str(_console(None, "", shown))
    line = _ODD.sub(_escape, line)[:LONGEST]
    return (
        line
        if failure is None
        else line + "".join(f"\n{_INDENT}{_ODD.sub(_escape, one)}" for one in str(failure).split("\n"))
    )


def _masked(event: Event) -> dict[str, Any]:
    names = list(event)
    if len(names) > _MEMBERS:
        names = [*filter(event.__contains__, _IDENTITY), *(name for name in names if name not in _IDENTITY)][:_MEMBERS]
    return {
        shortened(str(name), 100): event[name] if name == "exception" else mask(event[name], str(name))
        for name in names
    }


def _escape(hit: re.Match[str]) -> str:
    code = ord(hit.group())
    return {10: "\\n", 13: "\\r", 9: "\\t"}.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def _dumped(event: dict[str, Any]) -> str:
    try:
        text = orjson.dumps(event, default=_text).decode()
    except (TypeError, ValueError):  # half of a surrogate pair, or a number beyond 64 bits
        text = json.dumps(event, default=_text, separators=(",", ":"), ensure_ascii=False)
        text = text.encode(errors="replace").decode()
    return _ODD.sub(_as_escape_of_json, text)


def _as_escape_of_json(hit: re.Match[str]) -> str:
    return f"\\u{ord(hit.group()):04x}"


def _text(value: Any) -> str:
    return mask_text(repr(value))
