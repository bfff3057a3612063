"""What was sent, or is going to be, with its log."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.caller import Caller
from esteio.auth.listing import Listing, listed
from esteio.auth.routes.asked import CursorsOfHouse
from esteio.base.errors import NotFound
from esteio.base.schema import Moment, Text
from esteio.http.answers import Answer, Link
from esteio.http.envelope import Envelope
from esteio.http.pagination import Paging
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.webhooks.deliveries import deliver_again
from esteio.webhooks.messages import headers_of, message_id
from esteio.webhooks.routes.asked import WebhookParts
from esteio.webhooks.schemas import AttemptView, DeliveryDetailView, DeliveryView, State, delivery_values
from esteio.webhooks.tables import Attempt, Delivery

BASE = "/api/v2/webhooks/deliveries"
MOST_ATTEMPTS = 100
router = APIRouter(prefix="/webhooks", tags=["webhooks"])
DeliveryId = Annotated[UUID, Path(description="The delivery's id")]
_LISTING = Listing("webhook-deliveries", BASE, Delivery.id, lambda delivery: delivery.id, UUID)


class DeliveriesAsked(Paging):
    """Which deliveries: all that are said must hold."""

    endpoint_id: UUID | None = Query(None, description="Of one endpoint")
    state: State | None = Query(None, description="pending, delivered or failed")
    event: Text | None = Query(None, max_length=100, description="Such as pet.fed")
    since: Moment | None = Query(None, description="Written down from this time on")
    until: Moment | None = Query(None, description="Written down before this time")

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filters that are said."""
        found = [
            getattr(Delivery, name) == getattr(self, name)
            for name in ("endpoint_id", "state", "event")
            if getattr(self, name) is not None
        ]
        if self.since is not None:
            found.append(Delivery.created_at >= self.since)
        if self.until is not None:
            found.append(Delivery.created_at < self.until)
        return found


@router.get("/deliveries", summary="List webhook deliveries", response_model=Envelope[list[DeliveryView]])
@rules("webhooks:read")
async def list_deliveries(
    asked: Annotated[DeliveriesAsked, Query()], caller: Caller, session: Session, cursors: CursorsOfHouse
) -> Answer:
    """The newest first, for as long as they are kept."""
    filters = asked.model_dump(mode="json", exclude=set(Paging.model_fields))
    query = select(Delivery).where(*asked.conditions())
    page = await listed(session, _LISTING, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    return page.answer(lambda row: DeliveryView(**delivery_values(row)))


@router.get("/deliveries/{delivery_id}", summary="Read a delivery", response_model=Envelope[DeliveryDetailView])
@rules("webhooks:read")
async def read_delivery(delivery_id: DeliveryId, session: Session) -> Answer:
    """Its exact body and every attempt with the beginning of the receiver's answer."""
    row = (await session.execute(select(Delivery, Delivery.body).where(Delivery.id == delivery_id))).first()
    if row is None:
        raise NotFound
    tried = select(Attempt).where(Attempt.delivery_id == delivery_id).order_by(Attempt.number.desc())
    log = [AttemptView.model_validate(attempt) for attempt in await session.scalars(tried.limit(MOST_ATTEMPTS))]
    for attempt in log:
        attempt.headers = headers_of(message_id(row[0].event_id), attempt.at)
    shown = DeliveryDetailView(**delivery_values(row[0]), body=row[1].decode(), log=log[::-1])
    return Answer(shown, links=[Link(f"{BASE}/{delivery_id}", "self")], cache_control="no-store")


@router.post(
    "/deliveries/{delivery_id}/replay",
    status_code=202,
    summary="Replay a delivery",
    response_model=Envelope[DeliveryView],
)
@rules("webhooks:write", idempotent=True, errors=(409,))
async def replay_delivery(delivery_id: DeliveryId, parts: WebhookParts, caller: Caller, session: Session) -> Answer:
    """The same bytes under the same id once more, newly signed. One that is pending is not doubled."""
    await deliver_again(session, delivery_id, tenant=caller.tenant)
    subject = f"delivery:{delivery_id}"
    parts.audit.write(session, "webhook.delivery_replayed", subject, tenant=caller.tenant, actor=caller.id)
    return await answer_one(session, delivery_id, status=202)


async def answer_one(session: AsyncSession, delivery_id: UUID, *, status: int) -> Answer:
    """The delivery as it stands, without its log."""
    delivery = await session.scalar(select(Delivery).where(Delivery.id == delivery_id))
    if delivery is None:
        raise NotFound
    address = f"{BASE}/{delivery_id}"
    shown = DeliveryView(**delivery_values(delivery))
    return Answer(shown, status=status, location=address, links=[Link(address, "self")], cache_control="no-store")
