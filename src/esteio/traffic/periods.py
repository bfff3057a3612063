"""The periods that can be asked for, and where each begins."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Period = Literal["1h", "24h", "7d", "30d"]
Unit = Literal["minute", "hour", "day"]

_STEPS: dict[Unit, timedelta] = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_PERIODS: dict[Period, tuple[timedelta, Unit]] = {
    "1h": (timedelta(hours=1), "minute"),
    "24h": (timedelta(hours=24), "hour"),
    "7d": (timedelta(days=7), "hour"),
    "30d": (timedelta(days=30), "day"),
}


@dataclass(frozen=True, slots=True)
class Window:
    """From the beginning of a unit (UTC) up to now: the period, and what of the running unit has passed."""

    begin: datetime
    end: datetime
    unit: Unit

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()

    def steps(self) -> list[datetime]:
        """The beginnings of its units, the running one included."""
        step = _STEPS[self.unit]
        return [self.begin + step * number for number in range((self.end - self.begin) // step + 1)]


def window(period: Period, now: datetime, *, everybody: bool = False) -> Window:
    """The window of the period that ends now. Everybody's week is told by the day: by the hour it costs seconds."""
    length, unit = _PERIODS[period]
    if everybody and period == "7d":
        unit = "day"
    return Window(floor(now, unit) - length, now, unit)


def floor(moment: datetime, unit: Unit) -> datetime:
    """The beginning of the unit (UTC) that the moment is in."""
    whole = moment.replace(second=0, microsecond=0)
    if unit == "minute":
        return whole
    whole = whole.replace(minute=0)
    return whole if unit == "hour" else whole.replace(hour=0)
