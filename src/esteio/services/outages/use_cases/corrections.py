"""Outages put right: changed in part, closed, removed."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.clock import Clock
from esteio.base.errors import Conflict
from esteio.base.principal import Principal
from esteio.services.outages import records
from esteio.services.outages.events import tell_change
from esteio.services.outages.ledger import enter
from esteio.services.outages.models import Outage
from esteio.services.outages.schemas import Area, Report
from esteio.services.outages.views import OutageView


async def change_outage(
    *,
    caller: Principal,
    session: AsyncSession,
    clock: Clock,
    external_id: str,
    expected: int | None,
    members: dict[str, Any],
) -> OutageView:
    """Other values for the members of `Report` that are named; areas are replaced together.

    Raises `NotFound`, `Invalid`, and `PreconditionFailed` with the present outage when its version is not `expected`.
    """
    present = await records.locked(session, external_id, expected)
    return await _rewrite(caller, session, clock.now(), present, members)


async def close_outage(
    *,
    caller: Principal,
    session: AsyncSession,
    clock: Clock,
    external_id: str,
    expected: int | None,
    ended_at: datetime | None,
) -> OutageView:
    """The outage has ended, now unless `ended_at` is said; one that had not begun yet has never been.

    One that has ended already stays as it is. Raises `Conflict` where it ended at another time than is said, and as
    `change_outage` does.
    """
    now = clock.now()
    present = await records.locked(session, external_id, expected)
    if present.ended_at is not None and present.ended_at <= now:
        if ended_at not in (None, present.ended_at):
            raise Conflict("The outage has ended at another time; PATCH corrects it.")
        return present
    return await _rewrite(caller, session, now, present, {"ended_at": ended_at or max(now, present.started_at)})


async def remove_outage(
    *, caller: Principal, session: AsyncSession, clock: Clock, external_id: str, expected: int | None
) -> None:
    """The outage has never been: it is counted at no moment any more. Raises as `change_outage` does."""
    present = await records.locked(session, external_id, expected)
    await session.execute(delete(Outage).where(Outage.external_id == external_id))
    tell_change(session, caller, "api", 1, (area.municipio for area in present.areas), clock.now())


async def _rewrite(
    caller: Principal, session: AsyncSession, now: datetime, present: OutageView, members: dict[str, Any]
) -> OutageView:
    await enter(session, caller, "api", now, [replace(_report(present), **members)])
    return await records.present(session, present.external_id)


def _report(view: OutageView) -> Report:
    areas = (
        Area(area.conjunto, area.municipio, area.affected, None if area.ucs is None else tuple(area.ucs))
        for area in view.areas
    )
    return Report(view.external_id, view.planned, view.started_at, view.ended_at, tuple(areas))
