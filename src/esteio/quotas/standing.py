"""How a tenant stands with a quota, and how an answer's header says it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from esteio.quotas.quota import Quota

HEADER = "Quota"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force (`None`: without bound), what is used, and for a period when it is over.

    `used` may be more than `limit`, where a smaller plan came after. `seconds` are those until the reset.
    """

    name: str
    limit: int | None
    used: int
    resets_at: datetime | None
    seconds: int | None
    unit: str

    @property
    def remaining(self) -> int | None:
        """How much more there may be; `None` where nothing bounds it."""
        return None if self.limit is None else max(0, self.limit - self.used)

    def as_dict(self) -> dict[str, Any]:
        """The members that a problem and a list of quotas show."""
        return {
            "name": self.name,
            "limit": self.limit,
            "used": self.used,
            "remaining": self.remaining,
            "unit": self.unit,
            "resets_at": self.resets_at,
        }


def standing_of(quota: Quota, limit: int | None, used: int, now: datetime) -> Standing:
    """How somebody stands who has used so much of so much."""
    resets_at = quota.resets_at(now)
    seconds = None if resets_at is None else max(1, ceil((resets_at - now).total_seconds()))
    return Standing(quota.name, limit, used, resets_at, seconds, quota.unit)


def field(standings: Iterable[Standing]) -> str:
    """The field `Quota`: a list of names with parameters, as RFC 9651 writes it.

    `limit` and `remaining` are missing where nothing bounds the quota, `reset` (seconds) where no period ends.
    """
    return ", ".join(_item(standing) for standing in standings)


def _item(standing: Standing) -> str:
    numbers = {
        "limit": standing.limit,
        "used": standing.used,
        "remaining": standing.remaining,
        "reset": standing.seconds,
    }
    said = "".join(f";{name}={value}" for name, value in numbers.items() if value is not None)
    return f'"{standing.name}"{said};unit="{standing.unit}"'
