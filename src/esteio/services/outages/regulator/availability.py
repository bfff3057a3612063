"""Reads of the regulator's questions on record: what the distributor proves its availability with."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Integer, String, Uuid, bindparam, select, tuple_

from esteio.base.errors import InvalidCursor
from esteio.base.page import Place
from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.services.outages.models import Poll

Row = dict[str, Any]
FIELDS = ("id", "at", "operation", "principal", "address", "asked", "status", "outcome", "source", "rows", "ms")
_MOMENT = DateTime(timezone=True)

FILTERS: dict[str, ColumnElement[bool]] = {
    "from": Poll.at >= bindparam("from", type_=_MOMENT),
    "to": Poll.at < bindparam("to", type_=_MOMENT),
    "outcome": Poll.outcome == bindparam("outcome", type_=Integer()),
    "operation": Poll.operation == bindparam("operation", type_=String()),
}

SUMMARY = Reading(
    """
    SELECT count(*) AS polls, count(*) FILTER (WHERE outcome = 1) AS answered, min(at) AS first, max(at) AS last,
           max(extract(epoch FROM gap))::float8 AS longest_gap_seconds,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) AS p95_ms
    FROM (SELECT at, outcome, ms, at - lag(at) OVER (ORDER BY at, id) AS gap FROM outage_polls
          WHERE at >= $1 AND at < $2 AND ($3::text IS NULL OR operation = $3)) AS polls
    """,
    ("from", "to", "operation"),
)


async def polls_from(
    database: Database, tenant: UUID, *, filters: Mapping[str, Any], place: Place | None, limit: int
) -> tuple[list[Row], bool]:
    """At most `limit` questions from a place on, the latest first, and whether there are more that way."""
    values = {name: value for name, value in filters.items() if value is not None}
    shape = _after(tuple(values), place.direction if place else None)
    if place is not None:
        values |= _values(place)
    found = await database.read(tenant, shape, *shape.arguments(values | {"most": limit + 1}))
    rows = [dict(row) for row in found[:limit]]
    if place is not None and place.direction == "prev":
        rows.reverse()
    return rows, len(found) > limit


async def summary(database: Database, tenant: UUID, *, since: datetime, until: datetime, operation: str | None) -> Row:
    """How many were asked and answered, the longest gap between two that follow one another, 95 % of the times."""
    row = dict((await database.read(tenant, SUMMARY, since, until, operation))[0])
    share = round(row["answered"] / row["polls"], 6) if row["polls"] else None
    return {"from": since, "to": until, "operation": operation, **row, "share": share}


@lru_cache(maxsize=64)
def _after(names: tuple[str, ...], direction: str | None) -> Reading:
    forwards = direction != "prev"
    order = (Poll.at, Poll.id)
    query = select(*(getattr(Poll, name) for name in FIELDS)).where(*(FILTERS[name] for name in names))
    if direction is not None:
        here = tuple_(*order)
        there = tuple_(bindparam("place_at", type_=_MOMENT), bindparam("place_id", type_=Uuid()))
        query = query.where(here < there if forwards else here > there)
    query = query.order_by(*(column.desc() if forwards else column.asc() for column in order))
    return reading(query.limit(bindparam("most", type_=Integer())))


def _values(place: Place) -> dict[str, Any]:
    try:
        at, poll_id = place.values
        return {"place_at": datetime.fromisoformat(at), "place_id": UUID(poll_id)}
    except (ValueError, TypeError) as error:
        raise InvalidCursor from error
