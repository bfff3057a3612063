"""What a quota is: data, never code."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

Every = Literal["day", "month"]

LARGEST = 999_999_999_999_999
"""The largest amount: fifteen digits are what a header field can say (RFC 9651) and JSON readers keep exactly."""

STANDING = date.min
"""The one period of a quota of what there is; PostgreSQL knows it as `-infinity`."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_UNIT = re.compile(r"[a-z][a-z0-9 ._/-]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `amount` of something for each tenant whose plan says nothing else; `None` is without bound.

    every: `None` for what exists at a time, which is taken and given back; "day" or "month" for what is used, counted
    anew by each calendar day or month of UTC. words: what is counted, in a sentence for people. `ValueError` names what
    is allowed.
    """

    name: str
    amount: int | None
    unit: str
    every: Every | None = None
    words: str = ""

    def __post_init__(self) -> None:
        _demand(bool(_NAME.fullmatch(self.name)), "a quota's name is 1 to 64 of a-z, 0-9, '.', '_' and '-'")
        _demand(bool(_UNIT.fullmatch(self.unit)), "a unit is 1 to 32 of a-z, 0-9, ' ', '.', '_', '/' and '-'")
        _demand(self.amount is None or 0 <= self.amount <= LARGEST, f"an amount is between 0 and {LARGEST}")
        _demand(self.every is None or self.every in get_args(Every), "a quota is counted by the day, the month or not")

    def period(self, now: datetime) -> date:
        """The first day of the period that an instant lies in."""
        day = now.astimezone(UTC).date()
        return {"day": day, "month": day.replace(day=1)}[self.every] if self.every else STANDING

    def resets_at(self, now: datetime) -> datetime | None:
        """When the period of an instant is over; `None` for what is counted without end."""
        if self.every is None:
            return None
        first = self.period(now)
        following = first + timedelta(days=1) if self.every == "day" else _next_month(first)
        return datetime(following.year, following.month, following.day, tzinfo=UTC)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _demand(held: bool, sentence: str) -> None:
    if not held:
        raise ValueError(sentence)
