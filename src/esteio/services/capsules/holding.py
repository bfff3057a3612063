"""Capsules as every use case handles them: held while they are changed, told of, and only by whom they may be."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.audit import Audit
from esteio.base.clock import Clock
from esteio.base.errors import Forbidden, NotFound, PreconditionFailed
from esteio.base.principal import Principal
from esteio.events.events import EventType, tell
from esteio.services.capsules.errors import CapsuleBusy
from esteio.services.capsules.events import CAPSULE_DELETED, CapsuleDeletedFact, CapsuleFact
from esteio.services.capsules.models import Capsule
from esteio.services.capsules.schemas import CAPSULE_FIELDS, CapsuleView
from esteio.services.capsules.states import OPEN

MANAGE = "capsules:manage"
_RENAMED = {"metadata": "labels", "current_version": "current"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, and when. `who` is a principal's id, or `job:<kind>`."""

    who: str
    tenant: UUID
    clock: Clock

    @property
    def now(self) -> datetime:
        return self.clock.now()


def acting(caller: Principal, clock: Clock) -> Actor:
    """The caller of a request."""
    return Actor(caller.id, caller.tenant, clock)


async def held(session: AsyncSession, capsule_id: UUID, *, expected: int | None = None) -> Capsule:
    """The living capsule, held until the transaction ends. Raises `NotFound`, and `PreconditionFailed` with the
    present one where `expected` is another version.
    """
    query = select(Capsule).where(Capsule.id == capsule_id, Capsule.deleted_at.is_(None))
    capsule = await session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if capsule is None:
        raise NotFound
    if expected is not None and capsule.version != expected:
        raise PreconditionFailed(data=view_of(capsule))
    return capsule


def demand_owner(session: AsyncSession, caller: Principal, capsule: Capsule, act: str, *, actor: Actor) -> None:
    """Only its owner changes a capsule, and who may manage the organisation's, of which the audit log has an entry.

    Raises `Forbidden`.
    """
    if capsule.owner == caller.id:
        return
    if not caller.may(MANAGE):
        raise Forbidden(f"Only its owner may change this capsule, or who has the permission {MANAGE}.")
    details = {"owner": capsule.owner}
    Audit(actor.clock).write(session, act, str(capsule.id), tenant=actor.tenant, actor=caller.id, details=details)


def demand_idle(capsule: Capsule) -> None:
    """Raises `CapsuleBusy` while a job makes the capsule."""
    if capsule.status in OPEN:
        raise CapsuleBusy(headers={"Retry-After": "2"})


async def changed(session: AsyncSession, capsule: Capsule, kind: EventType | None, *, actor: Actor) -> CapsuleView:
    """Count the change that was just made to a held capsule, and tell it where there is something to tell."""
    capsule.version += 1
    capsule.updated_at = actor.now
    await session.flush()
    if kind is not None:
        told(session, capsule, kind, actor=actor)
    return view_of(capsule)


def told(session: AsyncSession, capsule: Capsule, kind: EventType, *, actor: Actor) -> None:
    """Tell a fact of the capsule as it is now."""
    if kind is CAPSULE_DELETED:
        assert capsule.deleted_at is not None
        data: CapsuleDeletedFact | CapsuleFact = CapsuleDeletedFact(id=capsule.id, deleted_at=capsule.deleted_at)
    else:
        data = fact_of(capsule)
    tell(session, kind, data, subject=capsule.id, tenant=actor.tenant, principal=actor.who, at=actor.now)


def fact_of(capsule: Capsule) -> CapsuleFact:
    return CapsuleFact.model_validate(view_of(capsule).model_dump(include=set(CapsuleFact.model_fields)))


def view_of(capsule: Capsule) -> CapsuleView:
    """The capsule as it is shown."""
    members = {name: getattr(capsule, _RENAMED.get(name, name)) for name in CAPSULE_FIELDS}
    return CapsuleView.model_validate(members)
