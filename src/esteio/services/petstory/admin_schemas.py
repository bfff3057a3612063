"""What who manages orders sends and is shown."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from esteio.base.schema import Body, Text, View
from esteio.services.petstory.schemas import Money
from esteio.services.petstory.states import State

Amount = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2, examples=["47.00"])]
Reason = Annotated[Text, Field(min_length=1, max_length=200, examples=["asked for by the customer"])]


class NewRefund(Body):
    """Money to give back. Without an amount it is all that is left."""

    amount: Amount | None = Field(None, description="In the order's currency; all that is left unless said")
    reason: Reason = Field(description="Why, for the audit log and for whoever looks at the order later")


class OrderRowView(View):
    """An order in a list. `doubt`: whether it has a payment that is not believed."""

    id: UUID
    state: State
    reason: str | None
    email: str | None
    pet_name: str
    language: str
    price: Money
    currency: str
    received: Money
    doubt: bool
    version: int
    created_at: datetime
    updated_at: datetime
    paid_at: datetime | None


class PhotoRowView(View):
    id: UUID
    position: int
    width: int
    height: int
    size: int = Field(description="Bytes")
    source: str
    created_at: datetime


class ArtRowView(View):
    id: UUID
    photo_id: UUID
    style: str
    stage: str
    state: str
    reason: str | None
    provider: str | None
    model: str | None
    cost: Decimal = Field(description="US dollars")
    tries: int
    created_at: datetime
    drawn_at: datetime | None


class CheckoutRowView(View):
    id: UUID
    amount: Money
    currency: str
    preference_id: str | None
    url: str | None
    created_at: datetime
    expires_at: datetime
    look_at: datetime | None


class PaymentRowView(View):
    """A payment as Mercado Pago last told it. `doubt` says why it is not believed."""

    number: str
    status: str
    status_detail: str | None
    method: str | None
    amount: Money
    refunded: Money
    currency: str
    live: bool
    doubt: str | None
    approved_at: datetime | None
    changed_at: datetime
    seen_at: datetime


class PaymentEventView(View):
    """A line of the ledger, whose deltas sum up to what the order has received."""

    id: UUID
    number: str
    status: str
    status_detail: str | None
    delta: Money
    currency: str
    source: str
    doubt: str | None
    at: datetime


class RefundRowView(View):
    id: UUID
    number: str
    amount: Money
    state: str
    refund_number: str | None
    reason: str
    error: str | None
    asked_by: str
    created_at: datetime
    done_at: datetime | None


class MailRowView(View):
    """A mail. `answer` is what the server said, or why there was none."""

    id: UUID
    kind: str
    state: str
    code: int | None
    answer: str | None
    created_at: datetime
    sent_at: datetime | None


class StepView(View):
    """An entry of the audit log."""

    at: datetime
    actor: str
    action: str
    details: dict[str, Any]


class OrderDetailView(View):
    """An order with everything that belongs to it."""

    id: UUID
    state: State
    reason: str | None
    email: str | None
    pet_name: str
    species: str | None
    breed: str | None
    born: date | None
    words: str
    language: str
    styles: list[str]
    price: Money
    currency: str
    received: Money
    spent: Decimal = Field(description="What its pictures cost, in US dollars")
    wanted: int = Field(description="Photos that may be sent in the place of others")
    tribute: bool
    story: dict[str, Any] | None
    book: bool = Field(description="Whether there is a book")
    version: int
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    produced_at: datetime | None
    emailed_at: datetime | None
    delivered_at: datetime | None
    ended_at: datetime | None
    photos_purged_at: datetime | None
    forgotten_at: datetime | None
    photos: list[PhotoRowView]
    arts: list[ArtRowView]
    checkouts: list[CheckoutRowView]
    payments: list[PaymentRowView]
    payment_events: list[PaymentEventView]
    refunds: list[RefundRowView]
    mails: list[MailRowView]
    steps: list[StepView]


class NewLinksView(View):
    """The order's new secret link: to be given to its customer. What was given out before leads nowhere."""

    id: UUID
    link: str
    url: str
    page: str
    tribute_url: str | None
    version: int


class SummaryView(View):
    """How the orders stand."""

    orders: dict[State, int]
    received: dict[str, Money] = Field(description="By currency, without what was given back")
    failed_mails: int = Field(description="Mails that did not go, and were not asked for again")
    doubts: int = Field(description="Payments that are not believed")
