"""Reads of what was counted: summed by route, by tenant and by time in one pass over the rows of the period.

What was not added to its hour yet is read from the minutes: each minute is in one of the two, so the sum is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.database import Database
from esteio.db.reading import Reading
from esteio.traffic.periods import Unit, Window

MOST = 100
"""Routes and tenants that are shown, those with most requests first."""

_SUMS = ("unanswered", "informational", "successful", "redirected", "refused", "failed", "limited", "sent")
_TABLES: dict[Unit, tuple[str, ...]] = {
    "minute": ("traffic_minutes",),
    "hour": ("traffic_hours", "traffic_minutes"),
    "day": ("traffic_days", "traffic_minutes"),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose requests: one tenant's, or with `None` everybody's, which only the platform's tenant may see."""

    tenant: UUID | None

    @property
    def reader(self) -> UUID:
        """As whom it is read."""
        return self.tenant or DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class Sum:
    """Requests of one route, one tenant or one time, with the histogram of their durations."""

    kind: str
    method: str
    route: str
    tenant: UUID | None
    at: datetime | None
    kinds: int
    requests: int
    unanswered: int
    informational: int
    successful: int
    redirected: int
    refused: int
    failed: int
    limited: int
    sent: int
    cells: Sequence[int]
    counts: Sequence[int]


@lru_cache
def _reading(unit: Unit, everybody: bool) -> Reading:
    """Parameters: since when, and the tenant unless it is everybody's.

    The tenant is named although its wall would do, since a wall with a window in it leads to no index.
    """
    found = " UNION ALL ".join(
        f"SELECT tenant_id, date_trunc('{unit}', at) AS at, method, route, {', '.join(_SUMS)}, cells, counts "  # noqa: S608
        f"FROM {table} WHERE at >= $1::timestamptz{'' if everybody else ' AND tenant_id = $2::uuid'}"
        for table in _TABLES[unit]
    )
    plain = _SUMMED.format(
        keys=_KEYS,
        found=found,
        tenant="tenant_id" if everybody else "NULL::uuid AS tenant_id",
        summed=", ".join(f"sum({name})::bigint AS {name}" for name in _SUMS),
        grouped="(method, route), (at), (tenant_id)" if everybody else "(method, route), (at)",
        celled="(method, route, cell), (at, cell)" + (", (tenant_id, cell)" if everybody else ""),
        most=MOST,
    )
    return Reading(plain, ("begin",) if everybody else ("begin", "tenant"))


# A null key would match no null key: what a group leaves out is said by an empty value.
_KEYS = (
    "coalesce(method, '') AS method, coalesce(route, '') AS route, coalesce(tenant_id::text, '') AS tenant, "
    "coalesce(at, 'epoch') AS at"
)
_SUMMED = """
WITH found AS MATERIALIZED ({found}),
sums AS (SELECT method, route, {tenant}, at, {summed} FROM found GROUP BY GROUPING SETS ({grouped})),
keyed AS (SELECT {keys}, unanswered + informational + successful + redirected + refused + failed AS requests,
    unanswered, informational, successful, redirected, refused, failed, limited, sent FROM sums),
kinded AS (SELECT *, CASE WHEN route <> '' THEN 'route' WHEN tenant <> '' THEN 'tenant' ELSE 'time' END AS kind
    FROM keyed),
ranked AS (SELECT *, row_number() OVER (PARTITION BY kind ORDER BY requests DESC, route, method, tenant) AS place,
    count(*) OVER (PARTITION BY kind) AS kinds FROM kinded),
cells AS (SELECT method, route, {tenant}, at, cell, sum(number)::bigint AS number
    FROM found, unnest(cells, counts) AS counted (cell, number) GROUP BY GROUPING SETS ({celled})),
histograms AS (SELECT method, route, tenant, at, array_agg(cell) AS cells, array_agg(number) AS counts
    FROM (SELECT {keys}, cell, number FROM cells) AS each_cell GROUP BY method, route, tenant, at)
SELECT kind, ranked.method, ranked.route, nullif(ranked.tenant, '')::uuid AS tenant, ranked.at, kinds, requests,
    unanswered, informational, successful, redirected, refused, failed, limited, sent,
    coalesce(cells, '{{}}') AS cells, coalesce(counts, '{{}}') AS counts
FROM ranked LEFT JOIN histograms ON (ranked.method, ranked.route, ranked.tenant, ranked.at)
    = (histograms.method, histograms.route, histograms.tenant, histograms.at)
WHERE kind = 'time' OR place <= {most} ORDER BY kind, place
"""


async def sums(database: Database, scope: Scope, window: Window) -> list[Sum]:
    """By time all, by route and by tenant those with most requests. Raises `Unavailable`."""
    shape = _reading(window.unit, scope.tenant is None)
    arguments = shape.arguments({"begin": window.begin, "tenant": scope.tenant})
    return [Sum(**row) for row in await database.read(scope.reader, shape, *arguments)]
