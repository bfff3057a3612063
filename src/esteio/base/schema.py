"""The base of every body that a caller may send or receive."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict


class Body(BaseModel):
    """A body that a caller sends: an unknown field is refused, never ignored; values are not coerced between kinds."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class View(BaseModel):
    """A body that a caller receives; it documents what the reads write."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


def _no_control(text: str) -> str:
    if any((character < " " and character not in "\n\t") or character == "\x7f" for character in text):
        raise ValueError("control characters are not allowed")
    return text


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset, such as Z")
    return moment.astimezone(UTC)


def _written(value: Any) -> Any:
    """Seconds since an epoch are no way to write a time here, neither as number nor as digits."""
    if isinstance(value, int | float) or (isinstance(value, str) and not value[4:5] == "-"):
        raise ValueError("write it as RFC 3339 does, such as 2026-11-21T10:30:00Z or 2026-11-21")
    return value


Text = Annotated[str, AfterValidator(_no_control)]
"""Text without control characters other than newline and tab; PostgreSQL could not store NUL."""

Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_aware)]
"""A point in time in RFC 3339 with its offset, kept in UTC."""

Day = Annotated[date, BeforeValidator(_written)]
"""A calendar day, `2026-11-21`."""


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


CommaList = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Several values written in one setting, separated by commas; blanks are ignored."""
