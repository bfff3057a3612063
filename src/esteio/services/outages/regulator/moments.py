"""`dthRecuperacao`: a minute of the past, in Brasília's time."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = "America/Sao_Paulo"
"""Official time, whatever the zone of the distributor (Roraima's is an hour behind) or of the process."""

_WRITTEN = re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}")


class OutsideWindow(ValueError):
    """The moment lies in the future, or further back than may be asked for."""


def moment_of(texts: Sequence[str], *, now: datetime, window: timedelta) -> datetime | None:
    """The moment that is asked for, in UTC; `None` where none is, which means now.

    Raises `ValueError` unless it is said once, as `dd/mm/yyyy hh:mm` and no other way, and is a minute of the calendar;
    `OutsideWindow` unless it lies between `now - window` and `now`, both included.
    """
    if not texts:
        return None
    if len(texts) > 1 or _WRITTEN.fullmatch(texts[0]) is None:
        raise ValueError("not one moment written as dd/mm/yyyy hh:mm")
    local = datetime.strptime(texts[0], "%d/%m/%Y %H:%M").replace(tzinfo=ZoneInfo(ZONE))
    if not now - window <= local <= now:
        raise OutsideWindow
    return local.astimezone(UTC)
