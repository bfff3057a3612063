"""Reads of demands that show nothing of who made them: the regulator's counts, and the list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, String, bindparam, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.listing import Listing, Page, listed
from esteio.base.errors import NotFound
from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.http.cursors import Cursors
from esteio.http.pagination import Paging
from esteio.services.outages.demands.bodies import DEMAND_FIELDS
from esteio.services.outages.models import Demand
from esteio.services.outages.regulator.brasilia import day_of
from esteio.telemetry.logs import log

BASE = "/api/v2/outages/demands"
MOST_ROWS = 2 * 12 * 117
"""What the contract has room for: two levels, twelve channels, the typologies of REH 2.992/2021."""

_LISTING = Listing("outage-demands", BASE, Demand.protocol, lambda row: row[0], str, descending=False)
_SHOWN = [getattr(Demand, name) for name in DEMAND_FIELDS]
_KEY = (Demand.level, Demand.channel, Demand.typology)

# Codes as constants: a partial index cannot serve a parameter.
_IN_PROGRESS = Demand.status == literal_column("0")
_UNFOUNDED, _WELL_FOUNDED = (Demand.merit == literal_column(code) for code in "01")


async def day_counts(database: Database, tenant: UUID, now: datetime) -> Sequence[tuple[Any, ...]]:
    """By level, channel and typology, in that order: in progress now; and of this day in Brasília so far, opened,
    closed as unfounded, closed as well founded, closed with any other finding. Groups without any are left out.
    """
    begins, ends = day_of(now)
    shape = _counts()
    rows = await database.read(tenant, shape, *shape.arguments({"begins": begins, "ends": ends}))
    if len(rows) > MOST_ROWS:
        log("esteio.outages").warning("more groups of demands than the contract has room for", groups=len(rows))
    return [tuple(row) for row in rows[:MOST_ROWS]]


async def demands_asked(
    session: AsyncSession, paging: Paging, *, filters: Mapping[str, Any], cursors: Cursors, tenant: UUID
) -> Page:
    """Demands by protocol, those that have all the values that the filters name."""
    conditions = [getattr(Demand, name) == value for name, value in filters.items() if value is not None]
    query = select(*_SHOWN).where(*conditions)
    return await listed(session, _LISTING, query, paging, cursors=cursors, tenant=tenant, filters=filters)


async def one_demand(database: Database, tenant: UUID, protocol: str) -> dict[str, Any]:
    """The demand, without what is personal. Raises `NotFound`."""
    rows = await database.read(tenant, _one(), protocol)
    if not rows:
        raise NotFound
    return dict(rows[0])


@lru_cache
def _one() -> Reading:
    return reading(select(*_SHOWN).where(Demand.protocol == bindparam("protocol", type_=String())))


@lru_cache
def _counts() -> Reading:
    opened, closed = _in_the_day(Demand.opened_at), _in_the_day(Demand.closed_at)
    counted = {
        "in_progress": _IN_PROGRESS,
        "opened": opened,
        "unfounded": closed & _UNFOUNDED,
        "well_founded": closed & _WELL_FOUNDED,
        "other": closed & ~(_UNFOUNDED | _WELL_FOUNDED),
    }
    counts = [func.count().filter(condition).label(name) for name, condition in counted.items()]
    return reading(select(*_KEY, *counts).where(or_(_IN_PROGRESS, opened, closed)).group_by(*_KEY).order_by(*_KEY))


def _in_the_day(moment: Any) -> ColumnElement[bool]:
    begins, ends = (bindparam(name, type_=DateTime(timezone=True)) for name in ("begins", "ends"))
    within: ColumnElement[bool] = (moment >= begins) & (moment < ends)
    return within
