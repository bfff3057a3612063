"""How long to leave somebody alone who answered 429."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from esteio.services.petstory.art.outcomes import ArtOutcome, Busy, Parked

SHORT = 120.0
"""Seconds up to which it is worth waiting."""

UNTOLD = 30.0
"""Seconds to wait where nobody says how long."""

LONGEST = 25 * 3600.0
"""Past it nothing that is said of waiting is believed."""

RESET = ZoneInfo("America/Los_Angeles")
"""The days of daily quotas are counted there."""

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PIECE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|h|m|s)")
_IN_WORDS = re.compile(r"retry in ((?:\d{1,9}(?:\.\d{1,9})?(?:ms|h|m|s))+)", re.IGNORECASE)
_NONE_AT_ALL = re.compile(r"limit:\s*0(?![\d.])")


def waiting(details: Any, message: str, now: datetime) -> ArtOutcome:
    """`Busy` for a short wait, `Parked` for a long one, a quota of a day or one of 0."""
    told = _told(details, message)
    daily = any("perday" in str(violation.get("quotaId", "")).lower() for violation in _violations(details))
    if daily or _NONE_AT_ALL.search(message):
        return Parked(told if told is not None and told > SHORT else _until_midnight(now))
    if told is None:
        return Busy(UNTOLD)
    return Busy(max(1.0, told)) if told <= SHORT else Parked(told)


def _told(details: Any, message: str) -> float | None:
    """Seconds by `RetryInfo`, or else by the words."""
    delays = (str(detail.get("retryDelay")) for detail in _details(details) if "retryDelay" in detail)
    found = _IN_WORDS.search(message)
    for text in (*delays, *([found[1]] if found else [])):
        pieces = _PIECE.findall(text)
        if pieces:
            return min(LONGEST, sum(float(number) * _UNITS[unit] for number, unit in pieces))
    return None


def _details(body: Any) -> Iterator[dict[str, Any]]:
    """An error's details, whatever shape the rest has."""
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    yield from (one for one in (details if isinstance(details, list) else []) if isinstance(one, dict))


def _violations(body: Any) -> Iterator[dict[str, Any]]:
    for detail in _details(body):
        violations = detail.get("violations")
        yield from (one for one in (violations if isinstance(violations, list) else []) if isinstance(one, dict))


def _until_midnight(now: datetime) -> float:
    there = now.astimezone(RESET)
    midnight = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    # Both have an offset of their own: compared in UTC, a day of 23 or 25 hours is one.
    return max(60.0, midnight.timestamp() - now.timestamp())


def reasons(body: Any) -> set[str]:
    """The codes (`ErrorInfo.reason`) that an error gives."""
    return {str(detail["reason"]) for detail in _details(body) if "reason" in detail}
