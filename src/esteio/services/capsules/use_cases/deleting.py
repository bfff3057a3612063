"""Deleting a capsule, which can be taken back for a time."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import NotFound
from esteio.base.principal import Principal
from esteio.events.tasks import tells_tasks
from esteio.jobs.control import cancel
from esteio.jobs.errors import NotCancellable
from esteio.services.capsules.allowances import charge, give_back
from esteio.services.capsules.errors import NoLongerRestorable
from esteio.services.capsules.events import CAPSULE_DELETED, CAPSULE_UPDATED
from esteio.services.capsules.holding import Actor, changed, demand_owner, held, view_of
from esteio.services.capsules.models import Capsule
from esteio.services.capsules.schemas import CapsuleView
from esteio.services.capsules.settings import CapsulesSettings
from esteio.services.capsules.states import DELETED, OPEN


async def delete(
    session: AsyncSession, capsule_id: UUID, *, caller: Principal, actor: Actor, expected: int | None
) -> None:
    """It is found no more, its job ends without effect, and the organisation's quotas have its place again."""
    capsule = await held(session, capsule_id, expected=expected)
    demand_owner(session, caller, capsule, "capsule.deleted", actor=actor)
    counted = _counted(capsule)
    if capsule.status in OPEN:
        await _end_job(session, capsule, actor)
    capsule.deleted_at = actor.now
    await changed(session, capsule, CAPSULE_DELETED, actor=actor)
    await give_back(session, capsules=counted, storage=capsule.bytes, tenant=actor.tenant, now=actor.now)


async def restore(
    session: AsyncSession, capsule_id: UUID, *, caller: Principal, actor: Actor, section: CapsulesSettings
) -> CapsuleView:
    """As it was; one that is not deleted stays as it is. Raises `NoLongerRestorable`, and `QuotaExceeded`."""
    capsule = await session.scalar(select(Capsule).where(Capsule.id == capsule_id).with_for_update())
    if capsule is None:
        raise NotFound
    demand_owner(session, caller, capsule, "capsule.restored", actor=actor)
    if capsule.deleted_at is None:
        return view_of(capsule)
    if capsule.deleted_at <= actor.now - timedelta(days=section.restorable_days):
        raise NoLongerRestorable
    capsule.deleted_at = None
    view = await changed(session, capsule, CAPSULE_UPDATED, actor=actor)
    counted = _counted(capsule)
    await charge(session, capsules=counted, storage=capsule.bytes, tenant=actor.tenant, now=actor.now)
    return view


async def _end_job(session: AsyncSession, capsule: Capsule, actor: Actor) -> None:
    """What waits never runs, what runs is told to stop; whatever it does meanwhile, it finds nobody waiting."""
    capsule.status, capsule.reason = ("completed", None) if capsule.current else ("failed", DELETED)
    if capsule.job_id is not None:
        with suppress(NotFound, NotCancellable):
            await cancel(session, capsule.job_id, tells_tasks(actor.clock), tenant=actor.tenant)
    capsule.job_id = None


def _counted(capsule: Capsule) -> bool:
    """Whether it is one of those that the organisation has: one that failed before its first version is not."""
    return capsule.current > 0 or capsule.status in OPEN
