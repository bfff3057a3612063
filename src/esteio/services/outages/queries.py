"""Reads of outages: each a prepared statement of its shape, run as the caller's tenant in one round trip."""

from collections.abc import Mapping
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
    bindparam,
    cast,
    func,
    literal_column,
    not_,
    or_,
    select,
)

from esteio.base.errors import NotFound
from esteio.db.database import Database
from esteio.db.lists import Lists, by_moment
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


def _named(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value is not None}


@lru_cache
def _one() -> Reading:
    return reading(whole().where(Outage.external_id == bindparam("external_id", type_=String())))


def _listed(names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    columns = (*_COLUMNS, _affected(), _areas("'listed', ucs IS NOT NULL"), *_TIMES, Outage.id)
    return select(*columns).where(*(FILTERS[name] for name in names))


def _count(names: tuple[str, ...]) -> Select[int]:
    return select(func.count().label("total")).select_from(Outage).where(*(FILTERS[name] for name in names))


OUTAGES = Lists(
    rows=_listed,
    total=_count,
    identity=Outage.id,
    orders={"started_at": by_moment(Outage.started_at), "updated_at": by_moment(Outage.updated_at)},
    values=_named,
    shown=shown,
)
