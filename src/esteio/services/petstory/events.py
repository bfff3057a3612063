"""The facts that orders tell. None of them names a customer."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel

from esteio.events.events import EventType
from esteio.services.petstory.states import STATES, State


class OrderFact(BaseModel):
    """An order after a step. `previous` is the state that it left."""

    id: UUID
    state: State
    previous: State | None
    reason: str | None
    price: Decimal
    currency: str
    received: Decimal
    language: str
    styles: list[str]
    version: int
    created_at: datetime


class ProgressFact(BaseModel):
    """Pictures of the stage that is being made."""

    id: UUID
    state: State
    done: int
    total: int


class LinksFact(BaseModel):
    """An order whose links have another number now: those with a smaller one lead nowhere."""

    id: UUID
    link: int


_SUMMARIES: dict[State, str] = {
    "draft": "An order was begun, or has lost its last photo.",
    "photos_uploaded": "An order has photos and no preview of them.",
    "preview_queued": "The preview of an order is being drawn.",
    "preview_ready": "The preview of an order can be looked at.",
    "preview_failed": "The preview of an order could not be drawn.",
    "checkout_created": "An order can be paid.",
    "payment_pending": "The payment of an order is under way.",
    "payment_rejected": "The payment of an order was rejected or cancelled.",
    "paid": "An order is paid.",
    "producing": "The book of an order is being made.",
    "produced": "The book of an order is made.",
    "production_failed": "The book of an order could not be made.",
    "emailed": "The mail with the book was accepted.",
    "email_failed": "The mail with the book was not accepted; the link stays.",
    "delivered": "The customer has fetched the book.",
    "refunded": "The money of an order was given back.",
    "charged_back": "The money of an order was taken back; its links are revoked.",
    "expired": "An order was never paid; its photos are gone.",
}

ENTERED: dict[State, EventType] = {state: EventType(f"order.{state}", OrderFact, _SUMMARIES[state]) for state in STATES}
"""What is told when an order enters a state."""

ORDER_PROGRESS = EventType("order.progress", ProgressFact, "A picture of an order was drawn.")

LINKS_REVOKED = EventType("order.links_revoked", LinksFact, "The secret link of an order was made void.")

ALL = (*ENTERED.values(), ORDER_PROGRESS, LINKS_REVOKED)
