"""Outages as they lie in the database, for tests of what is read from there."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from tests.house import Served

_numbers = count(1)

Area = tuple[int, int, int] | tuple[int, int, Sequence[str]]
"""Conjunto, município, and how many units are out or which."""


def store_outage(
    served: Served,
    *areas: Area,
    start: datetime,
    end: datetime | None = None,
    planned: bool = False,
    tenant: UUID = DEFAULT_TENANT,
) -> str:
    """Put an outage into the database, past everything that the house does when one is reported; its external id."""
    name, outage = f"stored-{next(_numbers)}", new_id()
    served.sql(
        "INSERT INTO outages (id, tenant_id, external_id, source, planned, started_at, ended_at) "
        "VALUES ($1, $2, $3, 'api', $4, $5, $6)",
        outage,
        tenant,
        name,
        planned,
        start,
        end,
    )
    for conjunto, municipio, affected in areas:
        units = None if isinstance(affected, int) else list(affected)
        served.sql(
            "INSERT INTO outage_areas (outage_id, conjunto, municipio, tenant_id, affected, ucs) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            outage,
            conjunto,
            municipio,
            tenant,
            affected if units is None else len(units),
            units,
        )
    return name


def store_served(served: Served, conjunto: int, municipio: int, units: int, *, tenant: UUID = DEFAULT_TENANT) -> None:
    """Put a pair into the universe."""
    served.sql(
        "INSERT INTO outage_universe (tenant_id, conjunto, municipio, served, updated_at) "
        "VALUES ($1, $2, $3, $4, now())",
        tenant,
        conjunto,
        municipio,
        units,
    )


def polled(served: Served) -> list[dict[str, Any]]:
    """The questions on record, in the order in which they came."""
    return [dict(row) for row in served.sql("SELECT * FROM outage_polls ORDER BY at, id")]
