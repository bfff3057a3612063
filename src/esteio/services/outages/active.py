"""How many consumer units were without supply at a moment, counted as the regulator counts them.

The rules, from the rows of `outages` (o), `outage_areas` (a) and `outage_universe` (u) of one tenant at a moment t:

1. An outage is active when `o.started_at <= t` and it is open (`ended_at` empty) or `o.ended_at > t`.
2. Consumer units are counted per pair (conjunto, município), over the areas of all active outages in that pair.
3. Of areas that list their units (`a.ucs` is not NULL; `a.affected` is then not looked at) each unit counts once in a
   pair, however often it is listed. It belongs to the outage that comes first: the one with the smaller `started_at`;
   of those that began together a planned one before an unplanned one; of those the one with the smaller `id`. It counts
   as planned or unplanned as that outage is. The same unit listed in two pairs counts in both.
4. Areas that list none (`a.ucs` is NULL) add their `affected` to the planned or unplanned of their pair, as their
   outage is.
5. In a pair that the universe lists, `served = u.served`; then `unplanned = min(unplanned, served)` and afterwards
   `planned = min(planned, served - unplanned)`, so that both together are never more than are served.
   In a pair that it does not list, `served = planned + unplanned`.
6. Pairs whose planned and unplanned are both zero after that are left out.
7. The order is that of conjunto, then of município.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from esteio.db.database import Database
from esteio.db.reading import Reading


@dataclass(frozen=True, slots=True)
class Count:
    """Consumer units of a (conjunto, município): how many it serves, and how many are out, planned and unplanned."""

    conjunto: int
    municipio: int
    served: int
    planned: int
    unplanned: int


@dataclass(frozen=True, slots=True)
class State:
    """What was so at a moment. `until` is the next start or end of an outage after it that is stored already."""

    counts: Sequence[Count]
    until: datetime | None


AT_MOMENT = Reading(
    """
    WITH active AS MATERIALIZED (
        SELECT id, planned, 2 * row_number() OVER (ORDER BY started_at, planned DESC, id) + planned::int AS turn
        FROM (SELECT id, planned, started_at FROM outages WHERE ended_at IS NULL AND started_at <= $1
              UNION ALL
              SELECT id, planned, started_at FROM outages
              WHERE ended_at IS NOT NULL AND ended_at > $1 AND started_at <= $1) AS begun
    ), touched AS MATERIALIZED (
        SELECT area.conjunto, area.municipio, area.affected, area.ucs, active.planned, active.turn
        FROM active CROSS JOIN LATERAL (
            SELECT conjunto, municipio, affected, ucs FROM outage_areas WHERE outage_id = active.id OFFSET 0) AS area
    ), counted AS (
        SELECT conjunto, municipio, min(turn) % 2 = 1 AS planned, 1 AS units
        FROM touched CROSS JOIN LATERAL unnest(ucs) AS uc GROUP BY conjunto, municipio, uc
        UNION ALL
        SELECT conjunto, municipio, planned, affected FROM touched WHERE ucs IS NULL
    ), summed AS (
        SELECT conjunto, municipio, coalesce(sum(units) FILTER (WHERE planned), 0) AS planned,
               coalesce(sum(units) FILTER (WHERE NOT planned), 0) AS unplanned
        FROM counted GROUP BY conjunto, municipio
    ), bounded AS (
        SELECT conjunto, municipio, coalesce(served, planned + unplanned) AS served, planned,
               least(unplanned, coalesce(served, unplanned)) AS unplanned
        FROM summed LEFT JOIN outage_universe USING (conjunto, municipio)
    ), shown AS (
        SELECT conjunto, municipio, served, least(planned, served - unplanned) AS planned, unplanned
        FROM bounded WHERE least(served, planned + unplanned) > 0
    ), following AS (
        SELECT least(
            (SELECT started_at FROM outages WHERE started_at > $1 ORDER BY started_at LIMIT 1),
            (SELECT ended_at FROM outages WHERE ended_at IS NOT NULL AND ended_at > $1 ORDER BY ended_at LIMIT 1)
        ) AS until
    )
    SELECT until, conjunto, municipio, served, planned, unplanned
    FROM following LEFT JOIN shown ON true ORDER BY conjunto, municipio
    """,
    ("moment",),
)
"""One row for each pair that is shown, one without a pair where none is. The lowest bit of `turn` says planned.

The OFFSET keeps the areas a look-up by their outage's id, whatever the planner believes of how many are active.
"""


async def state_at(database: Database, tenant: UUID, moment: datetime) -> State:
    """The state at the moment, in one round trip. Raises `Unavailable`."""
    rows = await database.read(tenant, AT_MOMENT, moment)
    counts = [
        Count(row["conjunto"], row["municipio"], row["served"], row["planned"], row["unplanned"])
        for row in rows
        if row["conjunto"] is not None
    ]
    return State(counts, rows[0]["until"])
