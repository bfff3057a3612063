"""Reads of pets and feedings: each a prepared statement of its shape, run as the caller's tenant in one round trip."""

from collections.abc import Mapping, Sequence
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
)

from esteio.base.errors import NotFound
from esteio.base.page import NumberedPage
from esteio.db.database import Database
from esteio.db.lists import Lists, by_moment, by_text
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


async def pets_named(database: Database, tenant: UUID, name: str) -> Sequence[Row]:
    """The first 100 pets whose name contains the text, whatever its case."""
    found, _ = await PETS.behind(
        database, tenant, filters={"name": name}, sort_by="created_at", sort_order="asc", place=None, limit=100
    )
    return found


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


@lru_cache
def _one_pet() -> Reading:
    return reading(select(*_PET).where(Pet.id == bindparam("pet_id", type_=Uuid()), Pet.deleted_at.is_(None)))


def _pets(names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return select(*_PET).where(Pet.deleted_at.is_(None), *(FILTERS[name] for name in names))


def _count_of(names: tuple[str, ...]) -> Select[int]:
    filters = (FILTERS[name] for name in names)
    return select(func.count().label("total")).select_from(Pet).where(Pet.deleted_at.is_(None), *filters)


@lru_cache
def _feedings() -> Reading:
    mine = select(*_FEEDING).where(Feeding.pet_id == bindparam("pet_id", type_=Uuid()))
    rows, skipped = bindparam("rows", type_=Integer()), bindparam("skipped", type_=Integer())
    return reading(mine.order_by(Feeding.fed_at.desc(), Feeding.id.desc()).limit(rows).offset(skipped))


@lru_cache
def _feeding_count() -> Reading:
    count = select(func.count().label("total")).select_from(Feeding)
    return reading(count.where(Feeding.pet_id == bindparam("pet_id", type_=Uuid())))


PETS = Lists(
    rows=_pets,
    total=_count_of,
    identity=Pet.id,
    orders={
        "created_at": by_moment(Pet.created_at),
        "updated_at": by_moment(Pet.updated_at),
        "name": by_text(Pet.name),
    },
    values=filter_values,
)
