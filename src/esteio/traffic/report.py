"""The answer about a period, from the sums that the database made."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from esteio.db.database import Database
from esteio.http.answers import dumps
from esteio.traffic import resources
from esteio.traffic.backlog import backlog_of
from esteio.traffic.histogram import quantiles
from esteio.traffic.periods import Period, Window
from esteio.traffic.queries import Scope, Sum, sums

_CLASSES = {
    "none": "unanswered",
    "1xx": "informational",
    "2xx": "successful",
    "3xx": "redirected",
    "4xx": "refused",
    "5xx": "failed",
}
_QUANTILES = ("p50", "p95", "p99")
_ADDED = ("requests", *_CLASSES.values(), "limited", "sent")


@dataclass(frozen=True, slots=True)
class Report:
    """The answer's data as JSON, and what must be said beside it."""

    data: bytes
    warnings: tuple[str, ...]


async def report(database: Database, period: Period, window: Window, scope: Scope, *, operator: bool) -> Report:
    """What was asked in the window. Raises `Unavailable`."""
    found = await sums(database, scope, window)
    lost = (await resources.lost(database, window.begin)).requests
    routes, tenants = _of(found, "route"), _of(found, "tenant")
    slugs = await resources.slugs(database, [each.tenant for each in tenants if each.tenant is not None])
    points = _of(found, "time")
    everybody = scope.tenant is None
    data = {
        "period": period,
        "from": window.begin,
        "to": window.end,
        "resolution": window.unit,
        "totals": _figures(_whole(points), window),
        "routes": [{"method": each.method, "route": each.route, **_figures(each, window)} for each in routes],
        "routes_in_all": routes[0].kinds if routes else 0,
        "tenants": [_tenant(each, slugs, window) for each in tenants] if everybody else None,
        "tenants_in_all": (tenants[0].kinds if tenants else 0) if everybody else None,
        "series": _series(points, window),
        "resources": {
            "tenant": await resources.tenant_use(database, scope.tenant, window) if scope.tenant else None,
            "processes": await resources.processes(database, window) if operator else None,
        },
        "work": await backlog_of(database, window) if operator else None,
    }
    return Report(dumps(data), _warnings(lost, operator=operator))


def _warnings(lost: int, *, operator: bool) -> tuple[str, ...]:
    if not lost:
        return ()
    how_many = f"{lost} requests" if operator else "Some requests, perhaps of others,"
    return (f"{how_many} of this period could not be counted while the database was away: figures are too low.",)


def _of(found: Iterable[Sum], kind: str) -> list[Sum]:
    return [each for each in found if each.kind == kind]


def _whole(points: Iterable[Sum]) -> Sum:
    """All times together."""
    added: Counter[str] = Counter()
    cells: Counter[int] = Counter()
    for point in points:
        added.update({name: getattr(point, name) for name in _ADDED})
        cells.update(dict(zip(point.cells, point.counts, strict=True)))
    values: dict[str, Any] = {name: added[name] for name in _ADDED}
    return Sum("all", "", "", None, None, 1, **values, cells=list(cells), counts=list(cells.values()))


def _figures(counted: Sum, window: Window) -> dict[str, Any]:
    return {
        "requests": counted.requests,
        "rate_per_second": round(counted.requests / window.seconds, 6),
        "error_rate": round(counted.failed / counted.requests, 6) if counted.requests else 0.0,
        "latency_ms": _latencies(counted),
        "limited": counted.limited,
        "by_status": {name: number for name, kind in _CLASSES.items() if (number := getattr(counted, kind))},
        "bytes_sent": counted.sent,
    }


def _tenant(counted: Sum, slugs: Mapping[UUID, str], window: Window) -> dict[str, Any]:
    slug = slugs.get(counted.tenant) if counted.tenant is not None else None
    return {"tenant": counted.tenant, "slug": slug, **_figures(counted, window)}


def _series(points: Iterable[Sum], window: Window) -> list[dict[str, Any]]:
    """A point for each unit, also where nothing was asked."""
    by_time = {point.at: point for point in points}
    return [_point(at, by_time.get(at)) for at in window.steps()]


def _point(at: Any, counted: Sum | None) -> dict[str, Any]:
    if counted is None:
        return {"at": at, "requests": 0, "errors": 0, "limited": 0, **dict.fromkeys(_QUANTILES)}
    return {
        "at": at,
        "requests": counted.requests,
        "errors": counted.failed,
        "limited": counted.limited,
        **_latencies(counted),
    }


def _latencies(counted: Sum) -> dict[str, float | None]:
    found = zip(_QUANTILES, quantiles(counted.cells, counted.counts), strict=True)
    return {name: _milliseconds(seconds) for name, seconds in found}


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
