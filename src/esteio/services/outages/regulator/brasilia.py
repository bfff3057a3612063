"""Times as the regulator reads and writes them: those of Brasília, whatever the distributor's own clocks show."""

from calendar import monthrange
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from esteio.services.outages.regulator.moments import ZONE


def brasilia() -> ZoneInfo:
    """The time zone of Brasília."""
    return ZoneInfo(ZONE)


def written(moment: datetime) -> str:
    """`21/11/2026 14:30`, seconds left out."""
    return f"{moment.astimezone(brasilia()):%d/%m/%Y %H:%M}"


def day_of(now: datetime) -> tuple[datetime, datetime]:
    """The first instant of the present day in Brasília, and of the next."""
    today = now.astimezone(brasilia()).date()
    begins, ends = (datetime.combine(day, time(), brasilia()) for day in (today, today + timedelta(days=1)))
    return begins.astimezone(UTC), ends.astimezone(UTC)


def months_before(now: datetime, months: int) -> datetime:
    """The same time of the same day so many calendar months earlier; of the month's last day where it has none such."""
    here = now.astimezone(brasilia())
    year, month = divmod(here.year * 12 + here.month - 1 - months, 12)
    day = min(here.day, monthrange(year, month + 1)[1])
    return here.replace(year=year, month=month + 1, day=day).astimezone(UTC)
