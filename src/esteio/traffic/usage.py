"""How much one key or client was used in a period, and how its requests were answered."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from esteio.base.errors import NotFound
from esteio.db.database import Database
from esteio.db.reading import Reading
from esteio.http.answers import dumps
from esteio.traffic import resources
from esteio.traffic.periods import Period, Unit, Window
from esteio.traffic.report import Report

Kind = Literal["key", "client"]

_ALL = "unanswered + informational + successful + redirected + refused + failed"
_TABLES: dict[Unit, tuple[str, ...]] = {
    "minute": ("caller_minutes",),
    "hour": ("caller_hours", "caller_minutes"),
    "day": ("caller_days", "caller_minutes"),
}
_FIGURES = ("requests", "errors", "refused", "limited", "bytes_sent")
_LAST_USED = {
    kind: Reading(f"SELECT last_used_at FROM {table} WHERE id = $1::uuid AND tenant_id = $2::uuid", ("id", "tenant"))  # noqa: S608
    for kind, table in (("key", "api_keys"), ("client", "oauth_clients"))
}


@lru_cache
def _reading(unit: Unit) -> Reading:
    found = " UNION ALL ".join(
        f"SELECT date_trunc('{unit}', at, 'UTC') AS at, {_ALL} AS requests, failed, refused, limited, sent "  # noqa: S608
        f"FROM {table} WHERE tenant_id = $1::uuid AND caller = $2::text AND at >= $3::timestamptz"
        for table in _TABLES[unit]
    )
    return Reading(
        "SELECT at, sum(requests)::bigint AS requests, sum(failed)::bigint AS errors, sum(refused)::bigint AS refused, "  # noqa: S608
        f"sum(limited)::bigint AS limited, sum(sent)::bigint AS bytes_sent FROM ({found}) AS found GROUP BY at",
        ("tenant", "caller", "begin"),
    )


async def usage(database: Database, period: Period, window: Window, tenant: UUID, kind: Kind, number: UUID) -> Report:
    """What was asked by it in the window. Raises `NotFound` for one that the tenant does not have, `Unavailable`."""
    known = await database.read(tenant, _LAST_USED[kind], number, tenant)
    if not known:
        raise NotFound
    rows = await database.read(tenant, _reading(window.unit), tenant, f"{kind}:{number}", window.begin)
    points = {row["at"]: dict(row) for row in rows}
    data = {
        "period": period,
        "from": window.begin,
        "to": window.end,
        "resolution": window.unit,
        "totals": {name: sum(row[name] for row in rows) for name in _FIGURES},
        "last_used_at": known[0]["last_used_at"],
        "series": [_point(at, points.get(at)) for at in window.steps()],
    }
    lost = await resources.lost(database, window.begin)
    return Report(dumps(data), _warnings(lost))


def _point(at: datetime, counted: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"at": at, **{name: counted[name] if counted is not None else 0 for name in _FIGURES[:4]}}


def _warnings(lost: resources.Lost) -> tuple[str, ...]:
    if not lost.requests + lost.callers:
        return ()
    return ("Some requests of this period, perhaps of others, could not be counted: figures may be too low.",)
