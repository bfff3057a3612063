"""How a tenant stands with all declared quotas, in one round trip."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Select, String, Uuid, and_, bindparam, column, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.tables import QuotaUse
from esteio.db.database import Database
from esteio.db.reading import reading
from esteio.quotas import bounds
from esteio.quotas.quota import Quota
from esteio.quotas.standing import Standing, standing_of


@dataclass(frozen=True, slots=True)
class Line:
    """A quota, how the tenant stands with it, and whose amount it is: `tenant`, `plan` or `declared`."""

    quota: Quota
    standing: Standing
    source: str


async def read_all(database: Database, tenant: UUID, quotas: Iterable[Quota], now: datetime) -> list[Line]:
    """In the order of `quotas`. Raises `Unavailable`."""
    asked = list(quotas)
    values = _values(tenant, asked, now)
    rows = await database.read(tenant, _READING, *_READING.arguments(values))
    return _lines(asked, [dict(row) for row in rows], now)


async def look_at_all(session: AsyncSession, tenant: UUID, quotas: Iterable[Quota], now: datetime) -> list[Line]:
    """The same as the running transaction sees it, which runs as the tenant."""
    asked = list(quotas)
    rows = await session.execute(_ALL, _values(tenant, asked, now))
    return _lines(asked, [row._asdict() for row in rows], now)


def _values(tenant: UUID, quotas: list[Quota], now: datetime) -> dict[str, Any]:
    return {
        "of_tenant": tenant,
        "names": [quota.name for quota in quotas],
        "periods": [quota.period(now) for quota in quotas],
        "amounts": [quota.amount for quota in quotas],
    }


def _lines(quotas: list[Quota], rows: Iterable[Mapping[str, Any]], now: datetime) -> list[Line]:
    found = {row["quota"]: row for row in rows}
    lines = [(quota, found[quota.name]) for quota in quotas]
    return [
        Line(quota, standing_of(quota, row["amount"], row["used"] or 0, now), row["source"]) for quota, row in lines
    ]


def _all() -> Select[*tuple[Any, ...]]:
    columns = (column("quota", String()), column("period", Date()), column("declared", BigInteger()))
    listed = (
        func.unnest(
            bindparam("names", type_=ARRAY(String())),
            bindparam("periods", type_=ARRAY(Date())),
            bindparam("amounts", type_=ARRAY(BigInteger())),
        )
        .table_valued(*columns)
        .render_derived("listed")
    )
    tenant = bindparam("of_tenant", type_=Uuid())
    asked = select(listed.c.quota, listed.c.period, listed.c.declared, tenant.label("tenant")).subquery("asked")
    mine = and_(
        QuotaUse.tenant_id == asked.c.tenant,
        QuotaUse.quota == asked.c.quota,
        QuotaUse.period == asked.c.period,
    )
    chosen = select(asked.c.quota, bounds.amount(asked).label("amount"), bounds.source().label("source"), QuotaUse.used)
    return chosen.select_from(bounds.joined(asked).outerjoin(QuotaUse, mine))


_ALL = _all()
_READING = reading(_ALL)
