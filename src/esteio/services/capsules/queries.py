"""Reads of capsules: each a prepared statement of its shape, run as the caller's tenant in one round trip."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Select,
    String,
    Uuid,
    any_,
    bindparam,
    func,
    literal_column,
    select,
)

from esteio.base.errors import NotFound
from esteio.base.page import NumberedPage
from esteio.db.database import Database
from esteio.db.lists import Lists, by_moment, by_text
from esteio.db.reading import Reading, reading
from esteio.services.capsules.errors import CapsuleNotReady
from esteio.services.capsules.models import Capsule, CapsuleContent, CapsuleFile, CapsuleVersion
from esteio.services.capsules.schemas import CAPSULE_FIELDS, SUMMARY_FIELDS, VERSION_FIELDS

Row = dict[str, Any]
SortBy = Literal["created_at", "updated_at", "project_name"]
SortOrder = Literal["asc", "desc"]

_COLUMNS = {"metadata": Capsule.labels.label("metadata"), "current_version": Capsule.current.label("current_version")}
_CAPSULE: list[Any] = [_COLUMNS.get(name, getattr(Capsule, name, None)) for name in CAPSULE_FIELDS]
_SUMMARY = [column for name, column in zip(CAPSULE_FIELDS, _CAPSULE, strict=True) if name in SUMMARY_FIELDS]
_VERSION: list[Any] = [getattr(CapsuleVersion, name) for name in VERSION_FIELDS]
_LIVING = Capsule.deleted_at.is_(None)
_PLAIN: Any = literal_column("'simple'::regconfig")

FILTERS: dict[str, ColumnElement[bool]] = {
    "status": Capsule.status == bindparam("status", type_=String()),
    "priority": Capsule.priority == bindparam("priority", type_=String()),
    "technology": bindparam("technology", type_=String()) == any_(Capsule.technologies),
    "owner": Capsule.owner == bindparam("owner", type_=String()),
    "created_since": Capsule.created_at >= bindparam("created_since", type_=DateTime(timezone=True)),
    "q": Capsule.search.op("@@")(func.websearch_to_tsquery(_PLAIN, bindparam("q", type_=String()))),
}


async def one_capsule(database: Database, tenant: UUID, capsule_id: UUID) -> Row:
    """The capsule, unless it is deleted. Raises `NotFound`."""
    return _shown(await _one(database, tenant, _one_capsule(), capsule_id))


async def one_version(database: Database, tenant: UUID, capsule_id: UUID, number: int) -> Row:
    """A version of a living capsule. Raises `NotFound`."""
    shape = _one_version()
    return await _one(database, tenant, shape, *shape.arguments({"capsule_id": capsule_id, "number": number}))


async def versions_of(
    database: Database, tenant: UUID, capsule_id: UUID, *, page: int, per_page: int
) -> NumberedPage[Row]:
    """A capsule's versions, the latest first. Raises `NotFound` for a capsule that is not there."""
    await one_capsule(database, tenant, capsule_id)
    shape, count = _versions(), _version_count()
    place = {"capsule_id": capsule_id, "rows": per_page, "skipped": (page - 1) * per_page}
    rows = [dict(row) for row in await database.read(tenant, shape, *shape.arguments(place))]
    total = (await database.read(tenant, count, capsule_id))[0]["total"]
    return NumberedPage(rows, total, page, per_page)


async def version_asked(database: Database, tenant: UUID, capsule_id: UUID, number: int | None) -> int:
    """The number of a version, the latest unless said. Raises `NotFound`, and `CapsuleNotReady` while there is none."""
    if number is not None:
        await one_version(database, tenant, capsule_id, number)
        return number
    current: int = (await one_capsule(database, tenant, capsule_id))["current_version"]
    if not current:
        raise CapsuleNotReady
    return current


async def version_before(database: Database, tenant: UUID, capsule_id: UUID, number: int) -> int:
    """The number of the version before this one. Raises `NotFound` for the first."""
    if number == 1:
        raise NotFound("The first version has none before it: name two in `from` and `to`.")
    return number - 1


async def files_of(
    database: Database, tenant: UUID, capsule_id: UUID, number: int, *, page: int, per_page: int
) -> NumberedPage[Row]:
    """The files of a version in the order of their paths."""
    total = (await one_version(database, tenant, capsule_id, number))["files"]
    shape = _files()
    place = {"capsule_id": capsule_id, "number": number, "rows": per_page, "skipped": (page - 1) * per_page}
    found = await database.read(tenant, shape, *shape.arguments(place))
    rows = [dict(row) | {"sha256": row["sha256"].hex()} for row in found]
    return NumberedPage(rows, total, page, per_page)


async def one_file(database: Database, tenant: UUID, capsule_id: UUID, number: int, path: str) -> Row:
    """A file with its `content`. Raises `NotFound`."""
    shape = _one_file()
    values = {"capsule_id": capsule_id, "number": number, "path": path}
    return await _one(database, tenant, shape, *shape.arguments(values))


def filter_values(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters that were named."""
    return {name: value for name, value in filters.items() if value is not None}


def _shown(row: Row) -> Row:
    return row | {"metadata": orjson.loads(row["metadata"])}


async def _one(database: Database, tenant: UUID, shape: Reading, *arguments: Any) -> Row:
    rows = await database.read(tenant, shape, *arguments)
    if not rows:
        raise NotFound
    return dict(rows[0])


@lru_cache
def _one_capsule() -> Reading:
    return reading(select(*_CAPSULE).where(Capsule.id == bindparam("capsule_id", type_=Uuid()), _LIVING))


@lru_cache
def _one_version() -> Reading:
    here = CapsuleVersion.number == bindparam("number", type_=Integer())
    return reading(_of_capsule(select(*_VERSION)).where(here))


@lru_cache
def _versions() -> Reading:
    rows, skipped = bindparam("rows", type_=Integer()), bindparam("skipped", type_=Integer())
    mine = _of_capsule(select(*_VERSION)).order_by(CapsuleVersion.number.desc())
    return reading(mine.limit(rows).offset(skipped))


@lru_cache
def _version_count() -> Reading:
    return reading(_of_capsule(select(func.count().label("total"))))


@lru_cache
def _files() -> Reading:
    columns = (CapsuleFile.path, CapsuleFile.size, CapsuleFile.sha256, CapsuleFile.executable, CapsuleFile.origin)
    rows, skipped = bindparam("rows", type_=Integer()), bindparam("skipped", type_=Integer())
    mine = (
        CapsuleFile.capsule_id == bindparam("capsule_id", type_=Uuid()),
        CapsuleFile.number == bindparam("number", type_=Integer()),
    )
    return reading(select(*columns).where(*mine).order_by(CapsuleFile.path).limit(rows).offset(skipped))


@lru_cache
def _one_file() -> Reading:
    digest = CapsuleContent.sha256 == CapsuleFile.sha256
    found = (
        select(CapsuleFile.path, CapsuleFile.size, CapsuleFile.sha256, CapsuleFile.executable, CapsuleContent.content)
        .join(Capsule, Capsule.id == CapsuleFile.capsule_id)
        .join(CapsuleContent, digest & (CapsuleContent.tenant_id == CapsuleFile.tenant_id))
        .where(CapsuleFile.capsule_id == bindparam("capsule_id", type_=Uuid()), _LIVING)
        .where(CapsuleFile.number == bindparam("number", type_=Integer()))
        .where(CapsuleFile.path == bindparam("path", type_=String()))
    )
    return reading(found)


def _of_capsule(query: Select[Any]) -> Select[Any]:
    mine = CapsuleVersion.capsule_id == bindparam("capsule_id", type_=Uuid())
    return query.select_from(CapsuleVersion).join(Capsule, Capsule.id == CapsuleVersion.capsule_id).where(mine, _LIVING)


def _capsules(names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return select(*_SUMMARY).where(_LIVING, *(FILTERS[name] for name in names))


def _count_of(names: tuple[str, ...]) -> Select[int]:
    filters = (FILTERS[name] for name in names)
    return select(func.count().label("total")).select_from(Capsule).where(_LIVING, *filters)


CAPSULES = Lists(
    rows=_capsules,
    total=_count_of,
    identity=Capsule.id,
    orders={
        "created_at": by_moment(Capsule.created_at),
        "updated_at": by_moment(Capsule.updated_at),
        "project_name": by_text(Capsule.project_name),
    },
    values=filter_values,
    shown=_shown,
)
