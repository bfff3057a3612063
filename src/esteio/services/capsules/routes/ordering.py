"""Capsules that a job makes: how they are accepted, regenerated, and ordered by clients of the first API."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request

from esteio.auth.caller import Caller
from esteio.http.answers import Answer, Link
from esteio.http.envelope import Envelope
from esteio.http.house import house_of
from esteio.http.rules import Deprecation, rules
from esteio.http.sessions import Session
from esteio.http.tasks import ACCEPTED
from esteio.http.tasks import AGAIN as RETRY_AFTER
from esteio.http.tasks import BASE as TASKS
from esteio.services.capsules.generation import webhook_secret
from esteio.services.capsules.holding import acting
from esteio.services.capsules.routes.asked import BASE, CapsuleId, section_of
from esteio.services.capsules.schemas import AcceptedCapsule, ExecuteView, NewCapsule, Regeneration
from esteio.services.capsules.use_cases import changing, creating
from esteio.webhooks.endpoints import demand_url

LIMITS = ("default", "capsules.create")
ROOM = ("capsules.capsules",)
EXECUTE_DEPRECATED = Deprecation(
    since=datetime(2026, 11, 1, tzinfo=UTC),
    sunset=datetime(2027, 11, 1, tzinfo=UTC),
    successor=BASE,
    page="/docs/deprecations#execute",
)

router = APIRouter(prefix="/capsules", tags=["capsules"])
v1 = APIRouter(tags=["capsules"])


@router.post(
    "/{capsule_id}/versions",
    status_code=202,
    summary="Make a new version",
    response_model=Envelope[AcceptedCapsule],
    responses=ACCEPTED,
)
@rules("capsules:create", limits=LIMITS, quotas=ROOM, idempotent=True, errors=(403, 409))
async def regenerate_capsule(
    request: Request, capsule_id: CapsuleId, data: Regeneration, caller: Caller, session: Session
) -> Answer:
    """From what the capsule says now, by the packs of today or by gemini; also after it has failed."""
    actor, section = acting(caller, house_of(request).clock), section_of(request)
    job = await changing.regenerate(session, capsule_id, data.provider, caller=caller, actor=actor, section=section)
    return accepted(job, capsule_id, None)


@v1.post("/execute", status_code=200, summary="Make a capsule", response_model=ExecuteView)
@rules(
    "capsules:create",
    limits=LIMITS,
    quotas=ROOM,
    idempotent=True,
    secret_answer=True,
    deprecation=EXECUTE_DEPRECATED,
    errors=(403,),
)
async def execute(request: Request, data: NewCapsule, caller: Caller, session: Session) -> Answer:
    """Deprecated: `POST /api/v2/capsules` with `async_processing` does the same. The workflow is a task."""
    house = house_of(request)
    if data.webhook_url is not None:
        demand_url(house.parts["webhooks"], data.webhook_url, "webhook_url")
    ordered = await creating.order(session, data, actor=acting(caller, house.clock), section=section_of(request))
    links = [Link(f"{TASKS}/{ordered.job}", "task"), Link(f"{BASE}/{ordered.capsule}", "capsule")]
    workflow: dict[str, Any] = {"workflow_id": ordered.job}
    if data.webhook_url is not None:
        workflow["webhook_secret"] = webhook_secret(house.resources.keyring, ordered.capsule)
    return Answer(workflow, links=links, cache_control="no-store")


def accepted(job: UUID, capsule: UUID, secret: str | None) -> Answer:
    """202 with the task's address in `Location`."""
    place = f"{TASKS}/{job}"
    return Answer(
        {"job_id": job, "status": "queued", "capsule_id": capsule, "webhook_secret": secret},
        status=202,
        location=place,
        links=[Link(place, "task"), Link(f"{BASE}/{capsule}", "capsule")],
        cache_control="no-store",
        headers={"Retry-After": str(RETRY_AFTER)},
    )
