"""Capsules in the envelope: made, listed, read, changed, deleted."""

from uuid import UUID

from fastapi import APIRouter, Request

from esteio.auth.caller import Caller
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import list_etag, row_etag
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.listing import Listing
from esteio.http.rules import Cached, rules
from esteio.http.sessions import Session
from esteio.http.tasks import ACCEPTED
from esteio.services.capsules import queries
from esteio.services.capsules.generation import webhook_secret
from esteio.services.capsules.holding import acting
from esteio.services.capsules.routes.asked import BASE, Asked, CapsuleId, CapsulesAsked, expected, section_of
from esteio.services.capsules.routes.ordering import accepted
from esteio.services.capsules.schemas import AcceptedCapsule, CapsuleChange, CapsuleSummary, CapsuleView, NewCapsule
from esteio.services.capsules.use_cases import changing, creating, deleting
from esteio.webhooks.endpoints import demand_url

router = APIRouter(prefix="/capsules", tags=["capsules"])
FRESH = Cached(seconds=5, tags=("capsule",), per="tenant")
LIMITS = ("default", "capsules.create")
ROOM = ("capsules.capsules", "capsules.storage")
_LISTING = Listing("capsules", BASE, queries.CAPSULES, sort_order="desc")


@router.get("", summary="List capsules", response_model=Envelope[list[CapsuleSummary]])
@rules("capsules:read", cached=FRESH)
async def list_capsules(request: Request, asked: Asked) -> Answer:
    """The organisation's capsules without their requirements and constraints, by `page` and `per_page`, or by `cursor`
    and `limit`.
    """
    tenant = exchange_of(request.scope).principal.tenant
    listed = await _LISTING.page(house_of(request), tenant, asked, CapsulesAsked.filters)
    tag = list_etag(((row["id"], row["version"]) for row in listed.rows), *listed.variant)
    return Answer(listed.rows, etag=tag, links=listed.links, meta=listed.meta)


@router.post(
    "",
    status_code=201,
    summary="Make a capsule",
    response_model=Envelope[CapsuleView],
    responses={202: {"model": Envelope[AcceptedCapsule], **ACCEPTED[202]}},
)
@rules("capsules:create", limits=LIMITS, quotas=ROOM, idempotent=True, secret_answer=True, errors=(403, 422))
async def create_capsule(request: Request, data: NewCapsule, caller: Caller, session: Session) -> Answer:
    """201 with the capsule, or with `async_processing` 202 with the job that makes it, and then a signed message
    `capsule.completed` or `capsule.failed` to `webhook_url`. A technology that is not known is refused with those that
    are. Send an Idempotency-Key to be able to repeat the request safely.
    """
    house, section = house_of(request), section_of(request)
    actor = acting(caller, house.clock)
    if not data.async_processing:
        return one(await creating.create(session, data, actor=actor, section=section), status=201)
    if data.webhook_url is not None:
        demand_url(house.parts["webhooks"], data.webhook_url, "webhook_url")
    ordered = await creating.order(session, data, actor=actor, section=section)
    secret = webhook_secret(house.resources.keyring, ordered.capsule) if data.webhook_url else None
    return accepted(ordered.job, ordered.capsule, secret)


@router.get("/{capsule_id}", summary="Read a capsule", response_model=Envelope[CapsuleView])
@rules("capsules:read", cached=FRESH)
async def read_capsule(request: Request, capsule_id: CapsuleId) -> Answer:
    """The capsule with its ETag. Deleted capsules are not found."""
    row = await queries.one_capsule(house_of(request).database, exchange_of(request.scope).principal.tenant, capsule_id)
    return Answer(row, etag=row_etag(row["version"]), links=links(capsule_id))


@router.patch("/{capsule_id}", summary="Change a capsule", response_model=Envelope[CapsuleView])
@rules("capsules:write", quotas=ROOM, precondition="accepted", errors=(403, 409, 413))
async def change_capsule(
    request: Request, capsule_id: CapsuleId, data: CapsuleChange, caller: Caller, session: Session
) -> Answer:
    """Only the members that the body names. Words, stack and files make a new version; `files` writes and removes
    files of one's own, which stay in every later version. The owner's matter, or that of who may manage capsules.
    """
    actor = acting(caller, house_of(request).clock)
    capsule = await changing.change(
        session,
        capsule_id,
        data,
        caller=caller,
        actor=actor,
        expected=expected(request),
        section=section_of(request),
    )
    return one(capsule)


@router.delete("/{capsule_id}", status_code=204, summary="Delete a capsule", response_class=NoContent)
@rules("capsules:write", precondition="accepted", errors=(403,))
async def delete_capsule(request: Request, capsule_id: CapsuleId, caller: Caller, session: Session) -> Answer:
    """It can be restored for a time (30 days unless the operator says otherwise); its quotas are free at once."""
    actor = acting(caller, house_of(request).clock)
    await deleting.delete(session, capsule_id, caller=caller, actor=actor, expected=expected(request))
    return NoContent()


@router.post("/{capsule_id}/restore", summary="Restore a deleted capsule", response_model=Envelope[CapsuleView])
@rules("capsules:write", quotas=ROOM, idempotent=True, errors=(403, 409))
async def restore_capsule(request: Request, capsule_id: CapsuleId, caller: Caller, session: Session) -> Answer:
    """As it was, where the quotas have room for it; a capsule that is not deleted stays as it is."""
    actor = acting(caller, house_of(request).clock)
    section = section_of(request)
    return one(await deleting.restore(session, capsule_id, caller=caller, actor=actor, section=section))


def one(capsule: CapsuleView, *, status: int = 200) -> Answer:
    """A capsule as it stands after a change."""
    location = f"{BASE}/{capsule.id}" if status == 201 else None
    return Answer(capsule, status=status, etag=row_etag(capsule.version), links=links(capsule.id), location=location)


def links(capsule_id: UUID) -> list[Link]:
    place = f"{BASE}/{capsule_id}"
    return [Link(place, "self"), Link(f"{place}/versions", "versions"), Link(f"{place}/files", "files")]
