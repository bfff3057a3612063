"""Reads of outages: each a prepared statement of its shape, run as the caller's tenant in one round trip."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Label,
    Select,
    String,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
)

from esteio.base.errors import InvalidCursor, NotFound
from esteio.base.page import NumberedPage, Place
from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.services.outages.models import Outage, OutageArea

Row = dict[str, Any]
SortBy = Literal["started_at", "updated_at"]
SortOrder = Literal["asc", "desc"]

_MOMENT = DateTime(timezone=True)
_COLUMNS = [getattr(Outage, name) for name in ("external_id", "source", "planned", "started_at", "ended_at")]
_TIMES = [Outage.version, Outage.created_at, Outage.updated_at]
_OF_OUTAGE = (OutageArea.tenant_id == Outage.tenant_id, OutageArea.outage_id == Outage.id)


def _areas(member: str) -> Label[Any]:
    """The areas as JSON; `member` is the last, as SQL."""
    area = (
        "coalesce(json_agg(json_build_object('conjunto', conjunto, 'municipio', municipio, 'affected', affected, "
        f"{member}) ORDER BY conjunto, municipio), '[]')"
    )
    chosen = select(cast(literal_column(area), Text)).select_from(OutageArea).where(*_OF_OUTAGE)
    return chosen.scalar_subquery().label("areas")


def _affected() -> Label[Any]:
    total = select(func.coalesce(func.sum(OutageArea.affected), literal_column("0"))).where(*_OF_OUTAGE)
    return cast(total.scalar_subquery(), BigInteger).label("affected")


def whole() -> Select[*tuple[Any, ...]]:
    """Outages with everything that is known of them, `areas` as JSON."""
    return select(*_COLUMNS, _affected(), _areas("'ucs', ucs"), *_TIMES)


def shown(row: Mapping[str, Any]) -> Row:
    """A row as its view has it."""
    return {**row, "areas": orjson.loads(row["areas"])}


def _active(name: str) -> ColumnElement[bool]:
    moment = bindparam(name, type_=_MOMENT)
    return (Outage.started_at <= moment) & or_(Outage.ended_at.is_(None), Outage.ended_at > moment)


FILTERS: dict[str, ColumnElement[bool]] = {
    "active_at": _active("active_at"),
    "inactive_at": not_(_active("inactive_at")),
    "planned": Outage.planned == bindparam("planned", type_=Boolean()),
    "source": Outage.source == bindparam("source", type_=String()),
    "started_after": Outage.started_at > bindparam("started_after", type_=_MOMENT),
    "started_before": Outage.started_at < bindparam("started_before", type_=_MOMENT),
    "updated_since": Outage.updated_at >= bindparam("updated_since", type_=_MOMENT),
    "conjunto": select(literal_column("1"))
    .where(*_OF_OUTAGE, OutageArea.conjunto == bindparam("conjunto", type_=Integer()))
    .exists(),
    "municipio": select(literal_column("1"))
    .where(*_OF_OUTAGE, OutageArea.municipio == bindparam("municipio", type_=Integer()))
    .exists(),
}


async def one_outage(database: Database, tenant: UUID, external_id: str) -> Row:
    """The outage with the consumer units that are known. Raises `NotFound`."""
    rows = await database.read(tenant, _one(), external_id)
    if not rows:
        raise NotFound
    return shown(dict(rows[0]))


async def numbered_outages(
    database: Database,
    tenant: UUID,
    *,
    filters: Mapping[str, Any],
    sort_by: SortBy,
    sort_order: SortOrder,
    page: int,
    per_page: int,
) -> NumberedPage[Row]:
    """One page by number, with the total. Its cost grows with the total and with the page's number."""
    values = _named(filters)
    shape = _numbered(tuple(values), sort_by, sort_order)
    place = {"rows": per_page, "skipped": (page - 1) * per_page}
    found = await database.read(tenant, shape, *shape.arguments(values | place))
    count = _count(tuple(values))
    total = (await database.read(tenant, count, *count.arguments(values)))[0]["total"]
    return NumberedPage([shown(dict(row)) for row in found], total, page, per_page)


async def outages_from(
    database: Database,
    tenant: UUID,
    *,
    filters: Mapping[str, Any],
    sort_by: SortBy,
    sort_order: SortOrder,
    place: Place | None,
    limit: int,
) -> tuple[list[Row], bool]:
    """At most `limit` outages from a place on, in order, and whether more are that way; its cost does not grow."""
    values = _named(filters)
    shape = _after(tuple(values), sort_by, sort_order, place.direction if place else None)
    if place is not None:
        values |= _place_values(place)
    found = await database.read(tenant, shape, *shape.arguments(values | {"rows": limit + 1}))
    rows = [shown(dict(row)) for row in found[:limit]]
    if place is not None and place.direction == "prev":
        rows.reverse()
    return rows, len(found) > limit


def place_of(row: Row, sort_by: SortBy, direction: Literal["next", "prev"], query: Mapping[str, Any]) -> Place:
    """The place of a row in the order, for the cursor of the page behind or before it."""
    return Place((row[sort_by].isoformat(), str(row["id"])), direction, query)


def _named(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value is not None}


def _place_values(place: Place) -> dict[str, Any]:
    try:
        moment, outage_id = place.values
        return {"value": datetime.fromisoformat(moment), "outage_id": UUID(outage_id)}
    except (ValueError, TypeError) as error:
        raise InvalidCursor from error


@lru_cache
def _one() -> Reading:
    return reading(whole().where(Outage.external_id == bindparam("external_id", type_=String())))


def _listed(names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    columns = (*_COLUMNS, _affected(), _areas("'listed', ucs IS NOT NULL"), *_TIMES, Outage.id)
    return select(*columns).where(*(FILTERS[name] for name in names))


@lru_cache(maxsize=512)
def _count(names: tuple[str, ...]) -> Reading:
    return reading(select(func.count().label("total")).select_from(Outage).where(*(FILTERS[name] for name in names)))


@lru_cache(maxsize=512)
def _numbered(names: tuple[str, ...], sort_by: SortBy, sort_order: SortOrder) -> Reading:
    rows, skipped = bindparam("rows", type_=Integer()), bindparam("skipped", type_=Integer())
    return reading(_listed(names).order_by(*_order(sort_by, sort_order)).limit(rows).offset(skipped))


@lru_cache(maxsize=512)
def _after(names: tuple[str, ...], sort_by: SortBy, sort_order: SortOrder, direction: str | None) -> Reading:
    """The rows behind a place in the order; going back turns the order round, and the caller turns the rows."""
    ascending = (sort_order == "asc") != (direction == "prev")
    query = _listed(names).order_by(*_order(sort_by, "asc" if ascending else "desc"))
    if direction is not None:
        here = tuple_(getattr(Outage, sort_by), Outage.id)
        there = tuple_(bindparam("value", type_=_MOMENT), bindparam("outage_id", type_=Uuid()))
        query = query.where(here > there if ascending else here < there)
    return reading(query.limit(bindparam("rows", type_=Integer())))


def _order(sort_by: SortBy, sort_order: SortOrder) -> Sequence[ColumnElement[Any]]:
    columns = (getattr(Outage, sort_by), Outage.id)
    return [column.asc() if sort_order == "asc" else column.desc() for column in columns]
