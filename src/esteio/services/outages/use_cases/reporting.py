"""Outages as their sources report them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.clock import Clock
from esteio.base.principal import Principal
from esteio.services.outages.schemas import Report

Source = Literal["api", "oms", "csv"]


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of the reports, by external id: new, changed by it, and as they were."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int


async def report(
    *, caller: Principal, session: AsyncSession, clock: Clock, source: Source, reports: Sequence[Report]
) -> Reported:
    """Write the outages in a few statements, whatever their number; the same report again changes nothing.

    Of several reports of one outage the last counts. Tells `outage.changed` once where anything changed.
    """
    raise NotImplementedError
