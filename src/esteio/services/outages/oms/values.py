"""What the cells of an outage management system mean, whatever type its driver gives them."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from esteio.services.outages.oms.question import COMPACT

LARGEST = 2**31 - 1
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""What lies before is the system's way of writing that it does not know."""

MUNICIPIOS = range(1_100_000, 5_400_000)
_WHOLE = re.compile(r"[0-9]{1,20}")
_COMPACT = re.compile(r"[0-9]{14}")
_YES = frozenset({"1", "t", "true", "s", "sim", "y", "yes"})
_NO = frozenset({"", "0", "f", "false", "n", "nao", "não", "no"})


class BadCell(ValueError):
    """A cell that says nothing that could be used; its words say what is wrong."""


def name_of(value: Any) -> str:
    """What an outage is called; a number without its decimal point."""
    if isinstance(value, float | Decimal) and value == int(value):
        value = int(value)
    name = "" if value is None else str(value).strip()
    if not 0 < len(name) <= 200 or not name.isprintable():
        raise BadCell("external_id is empty or too long")
    return name


def whole_of(value: Any, column: str, least: int = 0) -> int:
    """A whole number that a column of ours can hold."""
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, float | Decimal) and value == value.__trunc__():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
        raise BadCell(f"{column} is not a whole number from {least} on" if value is not None else f"{column} is empty")
    return value


def municipio_of(value: Any) -> int:
    """A code of IBGE with its check digit."""
    code = whole_of(value, "municipio")
    if code not in MUNICIPIOS:
        raise BadCell("municipio is not an IBGE code of seven digits")
    return code


def truth_of(value: Any) -> bool:
    """Whether it is so; what is empty is not."""
    if isinstance(value, float | Decimal) and value in (0, 1):
        value = int(value)
    word = "" if value is None else str(value).strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadCell("planned is neither true nor false")


def moment_of(value: Any, column: str, zone: ZoneInfo) -> datetime:
    """A moment in UTC; what names no offset is local to the zone."""
    moment = _read(value.strip()) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        raise BadCell(f"{column} is no time" if value not in (None, "") else f"{column} is empty")
    try:
        known = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise BadCell(f"{column} is no time") from error
    if known < EARLIEST:
        raise BadCell(f"{column} lies before {EARLIEST.year}")
    return known


def _read(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, COMPACT) if _COMPACT.fullmatch(text) else datetime.fromisoformat(text)
    except ValueError:
        return None
