"""Time as Mercado Pago has it: with milliseconds, four hours behind Greenwich."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

ZONE = timezone(timedelta(hours=-4))
RELATIVE = re.compile(r"NOW(?:-(\d{1,5})(SECONDS|MINUTES|HOURS|DAYS|WEEKS|MONTHS|YEARS))?")
DAYS = {"MONTHS": 30, "YEARS": 365}


class Clock:
    """The system's time, and so many seconds more."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> datetime:
        return datetime.now(ZONE) + timedelta(seconds=self.ahead)


def shown(moment: datetime | None) -> str | None:
    """As answers show it."""
    return None if moment is None else moment.astimezone(ZONE).isoformat(timespec="milliseconds")


def moment(text: object) -> datetime:
    """A date in ISO 8601; without an offset it is in Greenwich's time. Raises `ValueError`."""
    if not isinstance(text, str):
        raise ValueError("a date is a text")
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def bound(text: str, now: datetime) -> datetime:
    """The end of a range: a date, `NOW`, or `NOW-30DAYS`. Raises `ValueError`."""
    told = RELATIVE.fullmatch(text)
    if told is None:
        return moment(text)
    count, unit = int(told[1] or 0), told[2] or "DAYS"
    if unit in DAYS:
        count, unit = count * DAYS[unit], "DAYS"
    return now - timedelta(**{unit.lower(): count})
