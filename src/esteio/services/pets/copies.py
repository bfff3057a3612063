"""The queries of exports. What a cell looks like is decided here, so that no row passes through Python.

CSV: text as it is, but for what a spreadsheet would run as a formula; times as RFC 3339 in UTC; numbers plain; what is
not known is empty. A line break within a cell is written as CR, which the pen turns back (`esteio.files.pens`).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Float,
    Label,
    String,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from esteio.db.reading import Reading, reading
from esteio.services.pets.models import Feeding, Pet
from esteio.services.pets.queries import FILTERS
from esteio.services.pets.schemas import FEEDING_FIELDS, PET_FIELDS

_DANGEROUS = "9, 13, 43, 45, 61, 64"
"""TAB CR + - = @: with one of these in front a spreadsheet takes a cell for a formula."""

_MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


@lru_cache
def count_of(names: tuple[str, ...]) -> Reading:
    """How many pets the filters leave."""
    return reading(select(func.count()).select_from(Pet).where(*_living(names)))


@lru_cache
def sheet_of(names: tuple[str, ...]) -> Reading:
    """The cells of pets in the order of their registration."""
    cells = [_cell(getattr(Pet, name)).label(name) for name in PET_FIELDS]
    return reading(select(*cells).where(*_living(names)).order_by(Pet.created_at, Pet.id))


@lru_cache
def lines_of(names: tuple[str, ...]) -> Reading:
    """Pets as JSON, one each row."""
    query = select(*_members(Pet, PET_FIELDS)).where(*_living(names)).order_by(Pet.created_at, Pet.id).subquery("pet")
    return reading(select(func.row_to_json(literal_column("pet")).label("line")).select_from(query))


@lru_cache
def sheet_of_one() -> Reading:
    """A row for each feeding of the pet, the pet's cells in front; without any, one row."""
    cells = [_cell(getattr(Pet, name)).label(name) for name in PET_FIELDS]
    cells += [_cell(getattr(Feeding, name)).label(f"feeding_{name}") for name in _FED]
    fed = and_(Feeding.tenant_id == Pet.tenant_id, Feeding.pet_id == Pet.id)
    query = select(*cells).select_from(Pet).outerjoin(Feeding, fed).where(*_one())
    return reading(query.order_by(Feeding.fed_at, Feeding.id))


@lru_cache
def lines_of_one() -> Reading:
    """A line `{"pet": …}`, then a line `{"feeding": …}` for each."""
    pet = select(*_members(Pet, PET_FIELDS)).where(*_one()).subquery("pet")
    fed = and_(Feeding.tenant_id == Pet.tenant_id, Feeding.pet_id == Pet.id)
    feedings = select(*_members(Feeding, FEEDING_FIELDS)).join(Pet, fed).where(*_one()).subquery("feeding")
    both = union_all(
        select(_line("pet"), cast(null(), DateTime(timezone=True)).label("at"), pet.c.id).select_from(pet),
        select(_line("feeding"), feedings.c.fed_at, feedings.c.id).select_from(feedings),
    ).subquery("both")
    return reading(select(both.c.line).order_by(both.c.at.nulls_first(), both.c.id))


@lru_cache
def count_of_one() -> Reading:
    """How many pets of the id there are (one, or none any more)."""
    return reading(select(func.count()).select_from(Pet).where(*_one()))


_FED = tuple(name for name in FEEDING_FIELDS if name != "pet_id")


def _living(names: tuple[str, ...]) -> list[ColumnElement[bool]]:
    return [Pet.deleted_at.is_(None), *(FILTERS[name] for name in names)]


def _one() -> list[ColumnElement[bool]]:
    return [Pet.id == bindparam("pet_id", type_=Uuid()), Pet.deleted_at.is_(None)]


def _line(name: str) -> Label[Any]:
    return literal_column(f"json_build_object('{name}', row_to_json({name}))").label("line")


def _members(table: type[Pet] | type[Feeding], names: Sequence[str]) -> list[ColumnElement[Any]]:
    columns = [getattr(table, name) for name in names]
    return [cast(column, Float).label(column.key) if column.key == "weight_kg" else column for column in columns]


def _cell(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    name = f"{column.class_.__tablename__}.{column.key}"
    if isinstance(column.type, String):
        safe = f"CASE WHEN ascii({name}) IN ({_DANGEROUS}) THEN '''' || {name} ELSE {name} END"
        return literal_column(f"replace({safe}, chr(10), chr(13))")
    if isinstance(column.type, DateTime):
        return literal_column(f"to_char({name} AT TIME ZONE 'UTC', '{_MOMENT}')")
    plain: ColumnElement[Any] = cast(column, Float) if column.key == "weight_kg" else column.expression
    return plain
