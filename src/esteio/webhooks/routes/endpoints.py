"""Endpoints of the caller's tenant, and the events that they may ask for."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import select

from esteio.auth.caller import Caller
from esteio.auth.listing import Listing, listed
from esteio.auth.routes.asked import CursorsOfHouse, Expected
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import row_etag
from esteio.http.house import house_of
from esteio.http.pagination import Paging
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.http.tasks import ACCEPTED, AcceptedTask, accepted
from esteio.jobs.enqueue import enqueue
from esteio.webhooks import endpoints
from esteio.webhooks.errors import EndpointDisabled
from esteio.webhooks.kinds import REPLAY, ReplayOrder
from esteio.webhooks.routes.asked import WebhookParts
from esteio.webhooks.routes.deliveries import answer_one
from esteio.webhooks.schemas import (
    DeliveryView,
    EndpointChange,
    EndpointView,
    EventView,
    NewEndpoint,
    NewEndpointView,
    ReplayAsked,
    SecretRotation,
)
from esteio.webhooks.tables import Endpoint

BASE = "/api/v2/webhooks/endpoints"
router = APIRouter(prefix="/webhooks", tags=["webhooks"])
EndpointId = Annotated[UUID, Path(description="The endpoint's id")]
_LISTING = Listing("webhook-endpoints", BASE, Endpoint.id, lambda endpoint: endpoint.id, UUID)


class EndpointsAsked(Paging):
    enabled: bool | None = Query(None, description="Only enabled endpoints, or only others")


@router.get("/events", summary="List event types", response_model=Envelope[list[EventView]])
@rules("webhooks:read")
async def list_events(request: Request) -> Answer:
    """Every kind of fact that an endpoint may ask for, with the shape of its data."""
    return Answer(house_of(request).parts["webhooks"].shown_events)


@router.get("/endpoints", summary="List webhook endpoints", response_model=Envelope[list[EndpointView]])
@rules("webhooks:read")
async def list_endpoints(
    asked: Annotated[EndpointsAsked, Query()], caller: Caller, session: Session, cursors: CursorsOfHouse
) -> Answer:
    """The newest first. Secrets are shown by no list."""
    query = select(Endpoint).where(Endpoint.deleted_at.is_(None))
    if asked.enabled is not None:
        query = query.where(Endpoint.enabled.is_(asked.enabled))
    filters = {"enabled": None if asked.enabled is None else str(asked.enabled).lower()}
    page = await listed(session, _LISTING, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    return page.answer(EndpointView.model_validate)


@router.post("/endpoints", status_code=201, summary="Make a webhook endpoint", response_model=Envelope[NewEndpointView])
@rules("webhooks:write", idempotent=True, secret_answer=True)
async def create_endpoint(data: NewEndpoint, parts: WebhookParts, caller: Caller, session: Session) -> Answer:
    """The answer holds the secret, this once. From now on the endpoint is told what it asks for."""
    made = await endpoints.create_endpoint(parts, caller=caller, session=session, data=data)
    address = f"{BASE}/{made.id}"
    return Answer(made, status=201, location=address, links=[Link(address, "self")], cache_control="no-store")


@router.get("/endpoints/{endpoint_id}", summary="Read a webhook endpoint", response_model=Envelope[EndpointView])
@rules("webhooks:read")
async def read_endpoint(endpoint_id: EndpointId, session: Session) -> Answer:
    """How it stands, with its ETag."""
    return _one(EndpointView.model_validate(await endpoints.one_endpoint(session, endpoint_id)))


@router.patch("/endpoints/{endpoint_id}", summary="Change a webhook endpoint", response_model=Envelope[EndpointView])
@rules("webhooks:write", precondition="accepted")
async def change_endpoint(
    endpoint_id: EndpointId,
    data: EndpointChange,
    parts: WebhookParts,
    caller: Caller,
    session: Session,
    expected: Expected,
) -> Answer:
    """Only the members that the body names change. Enabling an endpoint forgets how it failed before."""
    return _one(
        await endpoints.change_endpoint(
            parts, caller=caller, session=session, endpoint_id=endpoint_id, expected=expected, data=data
        )
    )


@router.delete(
    "/endpoints/{endpoint_id}", status_code=204, summary="Delete a webhook endpoint", response_class=NoContent
)
@rules("webhooks:write", precondition="accepted")
async def delete_endpoint(
    endpoint_id: EndpointId, parts: WebhookParts, caller: Caller, session: Session, expected: Expected
) -> Answer:
    """Nothing more is sent to it. Its deliveries stay in the log for their time."""
    await endpoints.delete_endpoint(parts, caller=caller, session=session, endpoint_id=endpoint_id, expected=expected)
    return NoContent()


@router.post(
    "/endpoints/{endpoint_id}/rotate", summary="Rotate an endpoint's secret", response_model=Envelope[NewEndpointView]
)
@rules("webhooks:write", idempotent=True, secret_answer=True, errors=(409,))
async def rotate_secret(
    endpoint_id: EndpointId, data: SecretRotation, parts: WebhookParts, caller: Caller, session: Session
) -> Answer:
    """The answer holds the new secret, this once; for the overlap deliveries carry signatures of both."""
    made = await endpoints.rotate_secret(
        parts, caller=caller, session=session, endpoint_id=endpoint_id, overlap_seconds=data.overlap_seconds
    )
    return Answer(made, links=[Link(f"{BASE}/{made.id}", "self")], cache_control="no-store")


@router.post(
    "/endpoints/{endpoint_id}/test",
    status_code=202,
    summary="Try out a webhook endpoint",
    response_model=Envelope[DeliveryView],
)
@rules("webhooks:write", idempotent=True, errors=(409,))
async def try_endpoint(endpoint_id: EndpointId, parts: WebhookParts, caller: Caller, session: Session) -> Answer:
    """It is sent `webhook.test`; the delivery's log says how it answered."""
    delivery = await endpoints.try_endpoint(parts, caller=caller, session=session, endpoint_id=endpoint_id)
    return await answer_one(session, delivery, status=202)


@router.post(
    "/endpoints/{endpoint_id}/replay",
    status_code=202,
    summary="Replay an endpoint's deliveries",
    response_model=Envelope[AcceptedTask],
    responses=ACCEPTED,
)
@rules("webhooks:write", idempotent=True, errors=(409,))
async def replay_deliveries(
    endpoint_id: EndpointId, data: ReplayAsked, parts: WebhookParts, caller: Caller, session: Session
) -> Answer:
    """Those of a range of time, each once and under its id, as a task that can be watched."""
    if not (await endpoints.one_endpoint(session, endpoint_id)).enabled:
        raise EndpointDisabled
    order = ReplayOrder(endpoint=endpoint_id, since=data.since, until=data.until or parts.clock.now(), which=data.which)
    task = await enqueue(session, REPLAY, order, tenant=caller.tenant, principal=caller.id)
    details = order.model_dump(mode="json", exclude={"endpoint"})
    subject = f"webhook:{endpoint_id}"
    parts.audit.write(session, "webhook.replayed", subject, tenant=caller.tenant, actor=caller.id, details=details)
    return accepted(task, REPLAY.name)


def _one(endpoint: EndpointView) -> Answer:
    failing = endpoint.failing_since.isoformat() if endpoint.failing_since else ""
    links = [Link(f"{BASE}/{endpoint.id}", "self")]
    return Answer(endpoint, etag=row_etag(endpoint.version, failing), links=links, cache_control="private, no-cache")
