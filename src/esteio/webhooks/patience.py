"""How long a receiver asks to be left alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

BUSY = frozenset({429, 502, 503})


def asked_pause(status: int, headers: Mapping[str, str], now: datetime) -> float:
    """Seconds of `Retry-After` where the status goes with it, in either form of RFC 9110; 0 where nothing is asked."""
    text = headers.get("retry-after", "").strip()
    if status not in BUSY or not text:
        return 0.0
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
