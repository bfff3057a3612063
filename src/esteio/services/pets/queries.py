"""Reads of pets and feedings: each a prepared statement of its shape, run as the caller's tenant in one round trip."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Float,
    Integer,
    Select,
    String,
    Uuid,
    bindparam,
    cast,
    func,
    select,
    tuple_,
)

from esteio.base.errors import InvalidCursor, NotFound
from esteio.base.page import NumberedPage, Place
from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.services.pets.models import Feeding, Pet
from esteio.services.pets.schemas import FEEDING_FIELDS, PET_FIELDS

Row = dict[str, Any]
SortBy = Literal["created_at", "updated_at", "name"]
SortOrder = Literal["asc", "desc"]

_ONE = {"weight_kg": cast(Pet.weight_kg, Float).label("weight_kg")}
_PET = [_ONE.get(name, getattr(Pet, name)) for name in PET_FIELDS]
_FEEDING = [getattr(Feeding, name) for name in FEEDING_FIELDS]

FILTERS: dict[str, ColumnElement[bool]] = {
    "species": Pet.species == bindparam("species", type_=String()),
    "status": Pet.status == bindparam("status", type_=String()),
    "name": Pet.name.ilike(bindparam("name", type_=String()), escape="\\"),
    "born_before": Pet.birth_date < bindparam("born_before", type_=Date()),
    "born_after": Pet.birth_date > bindparam("born_after", type_=Date()),
    "updated_since": Pet.updated_at >= bindparam("updated_since", type_=DateTime(timezone=True)),
}


async def one_pet(database: Database, tenant: UUID, pet_id: UUID) -> Row:
    """The pet, unless it is deleted. Raises `NotFound`."""
    rows = await database.read(tenant, _one_pet(), pet_id)
    if not rows:
        raise NotFound
    return dict(rows[0])


async def numbered_pets(
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
    values = filter_values(filters)
    names = tuple(values)
    shape = _numbered(names, sort_by, sort_order)
    place = {"rows": per_page, "skipped": (page - 1) * per_page}
    rows = [dict(row) for row in await database.read(tenant, shape, *shape.arguments(values | place))]
    if rows or page == 1:
        total = rows[0]["total"] if rows else 0
    else:
        count = _count(names)
        total = (await database.read(tenant, count, *count.arguments(values)))[0]["total"]
    for row in rows:
        del row["total"]
    return NumberedPage(rows, total, page, per_page)


async def pets_from(
    database: Database,
    tenant: UUID,
    *,
    filters: Mapping[str, Any],
    sort_by: SortBy,
    sort_order: SortOrder,
    place: Place | None,
    limit: int,
) -> tuple[list[Row], bool]:
    """At most `limit` pets from a place on, in order, and whether there are more that way. Its cost does not grow."""
    values = filter_values(filters)
    shape = _after(tuple(values), sort_by, sort_order, place.direction if place else None)
    if place is not None:
        values |= _place_values(place, sort_by)
    found = await database.read(tenant, shape, *shape.arguments(values | {"rows": limit + 1}))
    rows = [dict(row) for row in found[:limit]]
    if place is not None and place.direction == "prev":
        rows.reverse()
    return rows, len(found) > limit


async def first_pets(database: Database, tenant: UUID, *, skip: int, limit: int) -> Sequence[Row]:
    """Pets in the order of registration, as v1 pages them."""
    shape = _skipping()
    return [dict(row) for row in await database.read(tenant, shape, *shape.arguments({"skipped": skip, "rows": limit}))]


async def pets_named(database: Database, tenant: UUID, name: str) -> Sequence[Row]:
    """The first 100 pets whose name contains the text, whatever its case."""
    values = filter_values({"name": name})
    shape = _after(("name",), "created_at", "asc", None)
    return [dict(row) for row in await database.read(tenant, shape, *shape.arguments(values | {"rows": 100}))]


async def feedings_of(database: Database, tenant: UUID, pet_id: UUID, *, page: int, per_page: int) -> NumberedPage[Row]:
    """A pet's feedings, the latest first. Raises `NotFound` for a pet that is not there."""
    await one_pet(database, tenant, pet_id)
    shape = _feedings()
    place = {"pet_id": pet_id, "rows": per_page, "skipped": (page - 1) * per_page}
    rows = [dict(row) for row in await database.read(tenant, shape, *shape.arguments(place))]
    count = _feeding_count()
    total = (await database.read(tenant, count, pet_id))[0]["total"]
    return NumberedPage(rows, total, page, per_page)


def filter_values(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters that were named, as the queries compare with them."""
    values = {name: value for name, value in filters.items() if value is not None}
    if "name" in values:
        literal = values["name"].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["name"] = f"%{literal}%"
    return values


def _place_values(place: Place, sort_by: SortBy) -> dict[str, Any]:
    try:
        value, pet_id = place.values
        return {"value": value if sort_by == "name" else datetime.fromisoformat(value), "pet_id": UUID(pet_id)}
    except (ValueError, TypeError) as error:
        raise InvalidCursor from error


@lru_cache
def _one_pet() -> Reading:
    return reading(select(*_PET).where(Pet.id == bindparam("pet_id", type_=Uuid()), Pet.deleted_at.is_(None)))


def _pets(names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return select(*_PET).where(Pet.deleted_at.is_(None), *(FILTERS[name] for name in names))


@lru_cache
def _count(names: tuple[str, ...]) -> Reading:
    return reading(_count_of(names))


def _count_of(names: tuple[str, ...]) -> Select[int]:
    filters = (FILTERS[name] for name in names)
    return select(func.count().label("total")).select_from(Pet).where(Pet.deleted_at.is_(None), *filters)


@lru_cache(maxsize=512)
def _numbered(names: tuple[str, ...], sort_by: SortBy, sort_order: SortOrder) -> Reading:
    total = _count_of(names).scalar_subquery().label("total")
    return reading(_bounded(_pets(names).add_columns(total), _order(sort_by, sort_order)))


@lru_cache
def _skipping() -> Reading:
    return reading(_bounded(_pets(()), _order("created_at", "asc")))


def _bounded(query: Select[*tuple[Any, ...]], order: Sequence[ColumnElement[Any]]) -> Select[*tuple[Any, ...]]:
    rows, skipped = bindparam("rows", type_=Integer()), bindparam("skipped", type_=Integer())
    return query.order_by(*order).limit(rows).offset(skipped)


@lru_cache(maxsize=512)
def _after(names: tuple[str, ...], sort_by: SortBy, sort_order: SortOrder, direction: str | None) -> Reading:
    """The rows behind a place in the order; going back turns the order round, and the caller turns the rows."""
    backwards = direction == "prev"
    ascending = (sort_order == "asc") != backwards
    query = _pets(names).order_by(*_order(sort_by, "asc" if ascending else "desc"))
    if direction is not None:
        here = tuple_(getattr(Pet, sort_by), Pet.id)
        kind = String() if sort_by == "name" else DateTime(timezone=True)
        there = tuple_(bindparam("value", type_=kind), bindparam("pet_id", type_=Uuid()))
        query = query.where(here > there if ascending else here < there)
    return reading(query.limit(bindparam("rows", type_=Integer())))


def _order(sort_by: SortBy, sort_order: SortOrder) -> Sequence[ColumnElement[Any]]:
    columns = (getattr(Pet, sort_by), Pet.id)
    return [column.asc() if sort_order == "asc" else column.desc() for column in columns]


@lru_cache
def _feedings() -> Reading:
    mine = select(*_FEEDING).where(Feeding.pet_id == bindparam("pet_id", type_=Uuid()))
    return reading(_bounded(mine, (Feeding.fed_at.desc(), Feeding.id.desc())))


@lru_cache
def _feeding_count() -> Reading:
    count = select(func.count().label("total")).select_from(Feeding)
    return reading(count.where(Feeding.pet_id == bindparam("pet_id", type_=Uuid())))


def place_of(row: Row, sort_by: SortBy, direction: Literal["next", "prev"], query: Mapping[str, Any]) -> Place:
    """The place of a row in the order, for the cursor of the page behind or before it."""
    value = row[sort_by]
    written = value.isoformat() if isinstance(value, date) else value
    return Place((written, str(row["id"])), direction, query)
