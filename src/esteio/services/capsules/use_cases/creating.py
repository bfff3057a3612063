"""Capsules come into being: made at once, or ordered from a job."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import Invalid
from esteio.base.ids import new_id
from esteio.services.capsules.allowances import charge
from esteio.services.capsules.events import CAPSULE_COMPLETED, CAPSULE_QUEUED
from esteio.services.capsules.generation import demand_provider, enqueue_generation
from esteio.services.capsules.holding import Actor, told, view_of
from esteio.services.capsules.making import Said, chosen, made, wish_of
from esteio.services.capsules.models import Capsule
from esteio.services.capsules.packs.catalogue import Choice
from esteio.services.capsules.schemas import CapsuleView, NewCapsule
from esteio.services.capsules.settings import CapsulesSettings
from esteio.services.capsules.states import Provider
from esteio.services.capsules.versions import Draft, add_version


@dataclass(frozen=True, slots=True)
class Ordered:
    """A capsule that waits for the job."""

    capsule: UUID
    job: UUID


async def create(session: AsyncSession, data: NewCapsule, *, actor: Actor, section: CapsulesSettings) -> CapsuleView:
    """Made from its pack now. Raises `UnknownTechnology`, `StackConflict`, `QuotaExceeded`, and `Invalid` where
    gemini is named, which takes too long to be waited for.
    """
    _demand_async(data)
    choice = chosen(data.tech_stack)
    capsule = _capsule(data, choice, "template", actor)
    capsule.status = "completed"
    session.add(capsule)
    await session.flush()
    files = await made(wish_of(_said(data)))
    draft = Draft(files, (), choice.pack, "template", "created")
    _, size = await add_version(session, capsule, draft, actor=actor, section=section)
    await session.flush()
    told(session, capsule, CAPSULE_COMPLETED, actor=actor)
    await charge(session, capsules=1, storage=size, tenant=actor.tenant, now=actor.now)
    return view_of(capsule)


async def order(session: AsyncSession, data: NewCapsule, *, actor: Actor, section: CapsulesSettings) -> Ordered:
    """Written down with the job that makes it. Raises as `create` does, and `Invalid` for gemini without its key."""
    provider = demand_provider(data.provider, section)
    capsule = _capsule(data, chosen(data.tech_stack), provider, actor)
    session.add(capsule)
    await session.flush()
    job = await enqueue_generation(session, capsule, provider, "created", actor=actor)
    told(session, capsule, CAPSULE_QUEUED, actor=actor)
    await charge(session, capsules=1, tenant=actor.tenant, now=actor.now)
    return Ordered(capsule.id, job)


def _demand_async(data: NewCapsule) -> None:
    for field, said in (("provider", data.provider == "gemini"), ("webhook_url", data.webhook_url is not None)):
        if said:
            raise Invalid.at(field, f"This {field} needs async_processing: true.", code="NEEDS_ASYNC")


def _said(data: NewCapsule) -> Said:
    return Said(data.project_name, data.description, data.tech_stack, data.requirements, data.constraints)


def _capsule(data: NewCapsule, choice: Choice, provider: Provider, actor: Actor) -> Capsule:
    return Capsule(
        id=new_id(),
        tenant_id=actor.tenant,
        project_name=data.project_name,
        description=data.description,
        tech_stack=data.tech_stack,
        technologies=list(choice.technologies),
        requirements=data.requirements,
        constraints=data.constraints,
        priority=data.priority,
        labels=data.metadata,
        provider=provider,
        status="queued",
        base=choice.base,
        owner=actor.who,
        current=0,
        files=0,
        bytes=0,
        webhook_url=data.webhook_url,
        version=1,
        created_at=actor.now,
        updated_at=actor.now,
    )
