"""The universe loaded, whole or a pair."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.clock import Clock
from esteio.base.errors import Conflict, PreconditionFailed
from esteio.base.principal import Principal
from esteio.services.outages.events import tell_change
from esteio.services.outages.roraima import SAMPLE
from esteio.services.outages.schemas import MOST_PAIRS, Served
from esteio.services.outages.universe import pairs, tag

_Pairs = dict[tuple[int, int], int]
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('outage_universe:' || CAST(:tenant AS text), 0))")
_REMOVE = text("""
DELETE FROM outage_universe u USING unnest(CAST(:conjuntos AS integer[]), CAST(:municipios AS integer[]))
    AS r (conjunto, municipio)
WHERE u.conjunto = r.conjunto AND u.municipio = r.municipio
""")
_WRITE = text("""
INSERT INTO outage_universe (tenant_id, conjunto, municipio, served, updated_at)
SELECT :tenant, r.conjunto, r.municipio, r.served, :now
FROM unnest(CAST(:conjuntos AS integer[]), CAST(:municipios AS integer[]), CAST(:served AS integer[]))
     AS r (conjunto, municipio, served)
ON CONFLICT (tenant_id, conjunto, municipio) DO UPDATE SET served = EXCLUDED.served, updated_at = EXCLUDED.updated_at
""")


async def load_universe(
    *,
    caller: Principal,
    session: AsyncSession,
    clock: Clock,
    entries: Sequence[Served],
    expected: frozenset[str] | None = None,
) -> int:
    """The tenant's universe is these pairs and no others; how many of them differ from before.

    Tells `outage.changed` where any does, since counts are bounded by it. Raises `PreconditionFailed` when the tag of
    the present universe is not among those that are expected.
    """
    present = await _present(session, caller, expected)
    wanted: _Pairs = {(entry.conjunto, entry.municipio): entry.served for entry in entries}
    gone = [pair for pair in present if pair not in wanted]
    changed = {pair: served for pair, served in wanted.items() if present.get(pair) != served}
    await _write(session, caller, clock.now(), changed, gone)
    return len(gone) + len(changed)


async def load_roraima(*, caller: Principal, session: AsyncSession, clock: Clock) -> int:
    """Roraima's pairs, with invented numbers, beside what is there; how many were missing."""
    present = await _present(session, caller, None)
    entries = {(entry.conjunto, entry.municipio): entry.served for entry in SAMPLE}
    missing = {pair: served for pair, served in entries.items() if pair not in present}
    await _write(session, caller, clock.now(), missing, [])
    return len(missing)


async def put_pair(*, caller: Principal, session: AsyncSession, clock: Clock, entry: Served) -> bool:
    """One pair, the others stay; whether it is new. Raises `Conflict` where there is no room for another."""
    present = await _present(session, caller, None)
    pair = (entry.conjunto, entry.municipio)
    if pair not in present and len(present) >= MOST_PAIRS:
        raise Conflict(f"A universe has {MOST_PAIRS} pairs at most.")
    if present.get(pair) != entry.served:
        await _write(session, caller, clock.now(), {pair: entry.served}, [])
    return pair not in present


async def _present(session: AsyncSession, caller: Principal, expected: frozenset[str] | None) -> _Pairs:
    """The pairs, which nobody else changes until the transaction ends."""
    await session.execute(_TURN, {"tenant": str(caller.tenant)})
    rows = [(row.conjunto, row.municipio, row.served) for row in await session.execute(pairs())]
    if expected is not None and (present := tag(rows)) not in expected:
        words = "The universe is not the one that If-Match names; ETag is that of the present one."
        raise PreconditionFailed(words, headers={"ETag": f'"{present}"'})
    return {(conjunto, municipio): served for conjunto, municipio, served in rows}


async def _write(
    session: AsyncSession, caller: Principal, now: datetime, changed: _Pairs, gone: Sequence[tuple[int, int]]
) -> None:
    if gone:
        await session.execute(_REMOVE, _columns(gone))
    if changed:
        values = {"tenant": caller.tenant, "now": now, "served": list(changed.values())}
        await session.execute(_WRITE, values | _columns(changed))
    if gone or changed:
        tell_change(session, caller, "api", 0, (municipio for _, municipio in (*gone, *changed)), now)


def _columns(found: Iterable[tuple[int, int]]) -> dict[str, list[int]]:
    listed = list(found)
    return {"conjuntos": [pair[0] for pair in listed], "municipios": [pair[1] for pair in listed]}
