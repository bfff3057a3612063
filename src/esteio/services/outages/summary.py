"""What everybody may know of the outages that go on: by município and by how long they have lasted, nothing finer.

Counted by the rules of `active`, so that the municípios' numbers are the sums of the regulator's. A unit's duration is
that of the outage it belongs to. Where a pair has more units out than it serves, those that are out for longest count.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from esteio.db.database import Database
from esteio.db.reading import Reading
from esteio.services.outages.roraima import MUNICIPIOS
from esteio.services.outages.views import BandView, MunicipioView, SummaryView, TotalsView

BANDS: tuple[tuple[int, int | None], ...] = ((0, 1), (1, 3), (3, 6), (6, 12), (12, 24), (24, 48), (48, None))
"""From so many hours on, up to but without so many."""

_AT_MOMENT = Reading(
    """
    WITH active AS MATERIALIZED (
        SELECT id, planned, row_number() OVER (ORDER BY started_at, planned DESC, id) AS turn,
               width_bucket(extract(epoch FROM $1 - started_at),
                            ARRAY[3600, 10800, 21600, 43200, 86400, 172800]::numeric[]) AS band
        FROM (SELECT id, planned, started_at FROM outages WHERE ended_at IS NULL AND started_at <= $1
              UNION ALL
              SELECT id, planned, started_at FROM outages
              WHERE ended_at IS NOT NULL AND ended_at > $1 AND started_at <= $1) AS begun
    ), touched AS MATERIALIZED (
        SELECT area.conjunto, area.municipio, area.affected, area.ucs, active.turn
        FROM active CROSS JOIN LATERAL (
            SELECT conjunto, municipio, affected, ucs FROM outage_areas WHERE outage_id = active.id OFFSET 0) AS area
    ), counted AS (
        SELECT conjunto, municipio, min(turn) AS turn, 1 AS units
        FROM touched CROSS JOIN LATERAL unnest(ucs) AS uc GROUP BY conjunto, municipio, uc
        UNION ALL
        SELECT conjunto, municipio, turn, affected FROM touched WHERE ucs IS NULL
    ), summed AS (
        SELECT conjunto, municipio, band, coalesce(sum(units) FILTER (WHERE planned), 0) AS planned,
               coalesce(sum(units) FILTER (WHERE NOT planned), 0) AS unplanned
        FROM counted JOIN active USING (turn) GROUP BY conjunto, municipio, band
    )
    SELECT conjunto, municipio, served, band, planned, unplanned
    FROM summed LEFT JOIN outage_universe USING (conjunto, municipio)
    UNION ALL
    SELECT NULL, municipio, sum(served), NULL, 0, 0 FROM outage_universe GROUP BY municipio
    """,
    ("moment",),
)
"""A row for each pair and band with units out, and one without a pair for each município of the universe."""


@dataclass(slots=True)
class _Sum:
    served: int = 0
    planned: int = 0
    unplanned: int = 0


async def summary_at(database: Database, tenant: UUID, moment: datetime) -> SummaryView:
    """The summary at the moment, in one round trip. Raises `Unavailable`."""
    return summed([dict(row) for row in await database.read(tenant, _AT_MOMENT, moment)], moment)


def summed(rows: Iterable[Mapping[str, Any]], moment: datetime) -> SummaryView:
    """The summary of the rows that were found."""
    municipios: dict[int, _Sum] = defaultdict(_Sum)
    bands = [_Sum() for _ in BANDS]
    pairs: dict[tuple[int, int], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["conjunto"] is None:
            municipios[row["municipio"]].served += int(row["served"])
        else:
            pairs[row["conjunto"], row["municipio"]].append(row)
    for (_, municipio), found in pairs.items():
        _add(found, municipios[municipio], bands)
    return _view(municipios, bands, moment)


def _add(found: Sequence[Mapping[str, Any]], municipio: _Sum, bands: Sequence[_Sum]) -> None:
    """A pair's units, no more than it serves, unplanned ones first."""
    served = found[0]["served"]
    planned, unplanned = (sum(int(row[kind]) for row in found) for kind in ("planned", "unplanned"))
    if served is None:
        served = planned + unplanned
        municipio.served += served
    unplanned = min(unplanned, served)
    planned = min(planned, served - unplanned)
    municipio.planned += planned
    municipio.unplanned += unplanned
    for row in sorted(found, key=lambda row: row["band"], reverse=True):
        band = bands[row["band"]]
        longest = min(int(row["planned"]), planned), min(int(row["unplanned"]), unplanned)
        band.planned += longest[0]
        band.unplanned += longest[1]
        planned -= longest[0]
        unplanned -= longest[1]


def _view(municipios: Mapping[int, _Sum], bands: Sequence[_Sum], moment: datetime) -> SummaryView:
    totals = _Sum(*(sum(getattr(one, name) for one in municipios.values()) for name in _Sum.__slots__))
    return SummaryView(
        as_of=moment,
        totals=TotalsView(
            served=totals.served, planned=totals.planned, unplanned=totals.unplanned, share=_share(totals)
        ),
        municipios=[
            MunicipioView(
                municipio=code,
                name=MUNICIPIOS.get(code),
                served=one.served,
                planned=one.planned,
                unplanned=one.unplanned,
                share=_share(one),
            )
            for code, one in sorted(municipios.items())
            if one.served
        ],
        bands=[
            BandView(from_hours=low, to_hours=high, planned=one.planned, unplanned=one.unplanned)
            for (low, high), one in zip(BANDS, bands, strict=True)
        ],
    )


def _share(one: _Sum) -> float:
    return round((one.planned + one.unplanned) / one.served, 6) if one.served else 0.0
