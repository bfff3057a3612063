"""The rows of outages as they are written, many at once, in a number of statements that does not depend on theirs.

Whoever writes several outages locks them in the order of their external ids: new rows and known ones in one statement,
so that no two writers ever wait for one another.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import NotFound, PreconditionFailed
from esteio.base.ids import new_id
from esteio.services.outages.models import Outage
from esteio.services.outages.queries import shown, whole
from esteio.services.outages.schemas import Area, Report
from esteio.services.outages.views import OutageView

_UC, _AREA, _UNLISTED = "\x1f", "\x1e", "\x1d"
"""Separators, which no consumer unit contains."""

_LOCK = text("""
INSERT INTO outages (id, tenant_id, external_id, source, planned, started_at, ended_at, version, created_at, updated_at)
SELECT r.id, :tenant, r.external_id, :source, r.planned, r.started_at, r.ended_at, 1, :now, :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:external_ids AS text[]), CAST(:planned AS boolean[]),
            CAST(:started AS timestamptz[]), CAST(:ended AS timestamptz[]))
     AS r (id, external_id, planned, started_at, ended_at)
ORDER BY r.external_id COLLATE "C"
ON CONFLICT (tenant_id, external_id) DO UPDATE SET external_id = EXCLUDED.external_id WHERE false
RETURNING id, external_id
""")
_KNOWN = text("""
SELECT o.id, o.external_id, o.planned, o.started_at, o.ended_at, a.digest, a.municipios
FROM outages o CROSS JOIN LATERAL (
    SELECT coalesce(md5(string_agg(
        concat_ws(':', conjunto, municipio, affected, coalesce(array_to_string(ucs, chr(31)), chr(29))),
        chr(30) ORDER BY conjunto, municipio)), '') AS digest, array_agg(municipio) AS municipios
    FROM outage_areas WHERE outage_id = o.id) a
WHERE o.external_id = ANY (CAST(:external_ids AS text[]))
""")
_CHANGE = text("""
UPDATE outages o SET source = :source, planned = r.planned, started_at = r.started_at, ended_at = r.ended_at,
                     version = o.version + 1, updated_at = :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:planned AS boolean[]),
            CAST(:started AS timestamptz[]), CAST(:ended AS timestamptz[])) AS r (id, planned, started_at, ended_at)
WHERE o.id = r.id
""")
_CLEAR = text("DELETE FROM outage_areas WHERE outage_id = ANY (CAST(:ids AS uuid[]))")
_FILL = text("""
INSERT INTO outage_areas (outage_id, tenant_id, conjunto, municipio, affected, ucs)
SELECT r.outage_id, :tenant, r.conjunto, r.municipio, r.affected, string_to_array(r.ucs, chr(31))
FROM unnest(CAST(:ids AS uuid[]), CAST(:conjuntos AS integer[]), CAST(:municipios AS integer[]),
            CAST(:affected AS integer[]), CAST(:ucs AS text[])) AS r (outage_id, conjunto, municipio, affected, ucs)
""")


@dataclass(frozen=True, slots=True)
class Given:
    """A report as it will lie in the tables."""

    id: UUID
    report: Report
    areas: tuple[Area, ...]
    ucs: tuple[str | None, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Known:
    """An outage that was there before, locked by the running transaction."""

    id: UUID
    planned: bool
    started_at: datetime
    ended_at: datetime | None
    digest: str
    municipios: Sequence[int]


def given(reports: Iterable[Report]) -> dict[str, Given]:
    """The reports by external id, in the order in which they are written; of several of one outage the last."""
    latest = {report.external_id: report for report in reports}
    return {external_id: _given(latest[external_id]) for external_id in sorted(latest)}


async def lock(
    session: AsyncSession, tenant: UUID, source: str, now: datetime, reports: dict[str, Given]
) -> tuple[dict[str, UUID], dict[str, Known]]:
    """Write the outages that are new and lock those that are known; neither has got its areas yet."""
    rows = list(reports.values())
    values = {"tenant": tenant, "source": source, "now": now, "external_ids": list(reports)} | _members(rows)
    found = await session.execute(_LOCK, values | {"ids": [row.id for row in rows]})
    created = {row.external_id: row.id for row in found}
    if len(created) == len(reports):
        return created, {}
    left = [external_id for external_id in reports if external_id not in created]
    return created, {row.external_id: _known(row) for row in await session.execute(_KNOWN, {"external_ids": left})}


async def change(session: AsyncSession, source: str, now: datetime, rows: Sequence[Given], ids: Sequence[UUID]) -> None:
    """Give the known outages with these ids what the reports say of them, but for their areas."""
    if rows:
        await session.execute(_CHANGE, {"source": source, "now": now, "ids": list(ids)} | _members(rows))


async def place(
    session: AsyncSession, tenant: UUID, rows: Sequence[Given], ids: Sequence[UUID], *, before: Sequence[UUID]
) -> None:
    """Write the areas of the outages with these ids; those of `before` had others, which go."""
    if before:
        await session.execute(_CLEAR, {"ids": list(before)})
    if not rows:
        return
    each = [(id_, area, ucs) for id_, row in zip(ids, rows, strict=True) for area, ucs in _areas(row)]
    values = {
        "tenant": tenant,
        "ids": [id_ for id_, _, _ in each],
        "conjuntos": [area.conjunto for _, area, _ in each],
        "municipios": [area.municipio for _, area, _ in each],
        "affected": [area.affected for _, area, _ in each],
        "ucs": [ucs for _, _, ucs in each],
    }
    await session.execute(_FILL, values)


async def locked(session: AsyncSession, external_id: str, expected: int | None) -> OutageView:
    """The outage, locked until the transaction ends, in the expected version.

    Raises `NotFound`, and `PreconditionFailed` with the present outage.
    """
    # First the lock, then the look: what one statement reads beside a row that it waited for may be older than the row.
    query = select(Outage.version).where(Outage.external_id == external_id).with_for_update()
    version = await session.scalar(query)
    if version is None:
        raise NotFound
    view = await present(session, external_id)
    if expected is not None and version != expected:
        raise PreconditionFailed(data=view)
    return view


async def present(session: AsyncSession, external_id: str) -> OutageView:
    """The outage as the transaction sees it. Raises `NotFound`."""
    row = (await session.execute(whole().where(Outage.external_id == external_id))).mappings().one_or_none()
    if row is None:
        raise NotFound
    return OutageView.model_validate(shown(dict(row)))


def differs(row: Given, known: Known) -> bool:
    """Whether the report says anything else than is known."""
    report = row.report
    said = (row.digest, report.planned, report.started_at, report.ended_at)
    return said != (known.digest, known.planned, known.started_at, known.ended_at)


def _given(report: Report) -> Given:
    areas = tuple(sorted(report.areas, key=lambda area: (area.conjunto, area.municipio)))
    ucs = tuple(None if area.ucs is None else _UC.join(sorted(area.ucs)) for area in areas)
    lines = [
        f"{area.conjunto}:{area.municipio}:{area.affected}:{_UNLISTED if listed is None else listed}"
        for area, listed in zip(areas, ucs, strict=True)
    ]
    digest = md5(_AREA.join(lines).encode(), usedforsecurity=False).hexdigest()
    return Given(new_id(), report, areas, ucs, digest)


def _areas(row: Given) -> Iterable[tuple[Area, str | None]]:
    return zip(row.areas, row.ucs, strict=True)


def _members(rows: Sequence[Given]) -> dict[str, Any]:
    return {
        "planned": [row.report.planned for row in rows],
        "started": [row.report.started_at for row in rows],
        "ended": [row.report.ended_at for row in rows],
    }


def _known(row: Any) -> Known:
    return Known(row.id, row.planned, row.started_at, row.ended_at, row.digest, row.municipios or ())
