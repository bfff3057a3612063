"""Entering reports: what is new, what differs from what was known, and the one fact that tells it."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import FieldError, Invalid
from esteio.base.principal import Principal
from esteio.services.outages import records
from esteio.services.outages.events import tell_change
from esteio.services.outages.records import Given, Known
from esteio.services.outages.schemas import Report, flaw

_MANY = 200
"""So many reports are put in order beside the loop, which others wait for."""


class Reported(NamedTuple):
    """What became of reports, by external id: new, changed by them; and how many outages were as they say."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int


async def enter(
    session: AsyncSession, caller: Principal, source: str, now: datetime, reports: Sequence[Report]
) -> Reported:
    """Make the outages what the reports say, of several of one outage the last. Tells `outage.changed` at most once.

    Raises `Invalid` for the first report that has a flaw, before anything is written.
    """
    if len(reports) < _MANY:
        ordered = _in_order(reports, now)
    else:
        ordered = await asyncio.to_thread(_in_order, reports, now)
    if not ordered:
        return Reported((), (), 0)
    created, known = await records.lock(session, caller.tenant, source, now, ordered)
    changed = [name for name, before in known.items() if records.differs(ordered[name], before)]
    if created or changed:
        rows, ids = [ordered[name] for name in changed], [known[name].id for name in changed]
        await records.change(session, source, now, rows, ids)
        await _place(session, caller, ordered, created, known)
        municipios = _municipios((*created, *changed), ordered, known)
        tell_change(session, caller, source, len(created) + len(changed), municipios, now)
    return Reported(tuple(created), tuple(changed), len(known) - len(changed))


def _in_order(reports: Sequence[Report], now: datetime) -> dict[str, Given]:
    for number, report in enumerate(reports):
        found = flaw(report, now)
        if found is not None:
            raise _refused(None if len(reports) == 1 else number, *found)
    return records.given(reports)


async def _place(
    session: AsyncSession,
    caller: Principal,
    ordered: Mapping[str, Given],
    created: Collection[str],
    known: Mapping[str, Known],
) -> None:
    """Write the areas where they are new or others than before."""
    moved = [name for name, before in known.items() if ordered[name].digest != before.digest]
    before = [known[name].id for name in moved]
    ids = [*(ordered[name].id for name in created), *before]
    rows = [ordered[name] for name in (*created, *moved)]
    await records.place(session, caller.tenant, rows, ids, before=before)


def _municipios(names: Iterable[str], ordered: Mapping[str, Given], known: Mapping[str, Known]) -> set[int]:
    """Where the outages are, and where they were."""
    found: set[int] = set()
    for name in names:
        found.update(area.municipio for area in ordered[name].areas)
        if name in known:
            found.update(known[name].municipios)
    return found


def _refused(number: int | None, member: str, words: str) -> Invalid:
    place = member.replace(".", "/")
    return Invalid(
        errors=[FieldError(Invalid.code, words, member, f"#/{place if number is None else f'{number}/{place}'}")]
    )
