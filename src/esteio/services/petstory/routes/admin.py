"""Orders for who manages them: looked at, tried again, ended, given back."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from esteio.auth.caller import Caller
from esteio.base.schema import Moment, Text
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.etags import list_etag, row_etag
from esteio.http.files import ANSWERS, stored_file
from esteio.http.house import house_of
from esteio.http.listing import Listing
from esteio.http.pagination import Paging, SortOrder
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.services.petstory import queries, register
from esteio.services.petstory.addresses import PETSTORY
from esteio.services.petstory.admin_schemas import (
    NewLinksView,
    NewRefund,
    OrderDetailView,
    OrderRowView,
    SummaryView,
)
from esteio.services.petstory.channels import READ
from esteio.services.petstory.routes.customer import PRIVATE
from esteio.services.petstory.routes.managing import AdminDesk, AdminHouse
from esteio.services.petstory.states import State
from esteio.services.petstory.use_cases import administering, refunding

MANAGE, REFUND = "petstory:manage", "petstory:refund"
BASE = f"{PETSTORY}/admin/orders"
_FILTERS = ("state", "email", "created_since", "created_before", "doubt")
_LISTING = Listing("petstory-orders", BASE, register.ORDERS, sort_order="desc")

router = APIRouter(prefix="/admin", tags=["petstory"])
OrderId = Annotated[UUID, Path(description="The order's id")]
PhotoId = Annotated[UUID, Path(description="The photo's id")]


class OrdersAsked(Paging):
    """Filters, order and page of a list. Filters hold together (and)."""

    state: State | None = Query(None, description="Where the order stands")
    email: Text | None = Query(None, max_length=254, description="The customer's address, however it is written")
    created_since: Moment | None = Query(None, description="RFC 3339, as 2026-11-21T10:30:00Z")
    created_before: Moment | None = Query(None, description="RFC 3339, as 2026-11-21T10:30:00Z")
    doubt: bool | None = Query(None, description="With a payment that is not believed, or without")
    sort_by: Literal["created_at", "updated_at", "state"] | None = Query(None, description="created_at unless said")
    sort_order: SortOrder | None = Query(None, description="desc unless said")

    def filters(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FILTERS}

    def said(self) -> dict[str, Any]:
        """Order and filters as far as they were said, as the cursors carry them."""
        return self.model_dump(mode="json", include={*_FILTERS, "sort_by", "sort_order"}, exclude_none=True)


@router.get("/orders", summary="List orders", response_model=Envelope[list[OrderRowView]])
@rules(READ)
async def list_orders(request: Request, asked: Annotated[OrdersAsked, Query()], caller: Caller) -> Answer:
    """The newest first. Pages by `page` and `per_page`, or by `cursor` and `limit`."""
    listed = await _LISTING.page(house_of(request), caller.tenant, asked, OrdersAsked.filters)
    tag = list_etag([(row["id"], row["version"]) for row in listed.rows], *listed.variant)
    return Answer(listed.rows, etag=tag, links=listed.links, meta=listed.meta, cache_control=PRIVATE)


@router.get("/summary", summary="How the orders stand", response_model=Envelope[SummaryView])
@rules(READ)
async def summarise(house: AdminHouse, caller: Caller) -> Answer:
    """Orders by state, money received by currency, mails that did not go, payments that are not believed."""
    view = await register.summary(house.database, caller.tenant)
    return Answer(view.model_dump(mode="json"), cache_control=PRIVATE)


@router.get("/orders/{order_id}", summary="Look at an order", response_model=Envelope[OrderDetailView])
@rules(READ)
async def read_order_in_full(order_id: OrderId, session: Session) -> Answer:
    """With its photos, pictures, checkouts, payments, the ledger, refunds, mails, and what the audit log has of it."""
    return await _shown(session, order_id)


@router.get("/orders/{order_id}/book", summary="Fetch an order's book", response_class=Response, responses=ANSWERS)
@rules(READ, streams=True, errors=(410, 416))
async def fetch_book_of(request: Request, order_id: OrderId, house: AdminHouse, caller: Caller) -> Response:
    """The PDF. Its order is not delivered by it."""
    row = await register.book_row(house.database, caller.tenant, order_id)
    return stored_file(request, await queries.kept_book(house.database, caller.tenant, row, house.clock.now()))


@router.get(
    "/orders/{order_id}/photos/{photo_id}",
    summary="Look at a photo of an order",
    response_class=Response,
    responses=ANSWERS,
)
@rules(READ, streams=True, errors=(416,))
async def read_photo_of(
    request: Request, order_id: OrderId, photo_id: PhotoId, house: AdminHouse, caller: Caller
) -> Response:
    """The photo as it is kept, a JPEG."""
    file = await register.photo_file(house.database, caller.tenant, order_id, photo_id)
    return stored_file(request, file, inline=True)


@router.post(
    "/orders/{order_id}/retry",
    status_code=202,
    summary="Try what failed again",
    response_model=Envelope[OrderDetailView],
)
@rules(MANAGE, idempotent=True, errors=(409,))
async def retry_order(order_id: OrderId, desk: AdminDesk, session: Session) -> Answer:
    """The preview, the book or its mail, whichever has failed; 409 where nothing has."""
    await administering.retry(session, order_id, desk)
    return await _shown(session, order_id, status=202)


@router.post(
    "/orders/{order_id}/mail",
    status_code=202,
    summary="Mail an order's book again",
    response_model=Envelope[OrderDetailView],
)
@rules(MANAGE, idempotent=True, errors=(409,))
async def mail_order(order_id: OrderId, desk: AdminDesk, session: Session) -> Answer:
    """To the customer's address as it is now; 409 without a book, and while a mail is on its way."""
    await administering.mail(session, order_id, desk)
    return await _shown(session, order_id, status=202)


@router.post("/orders/{order_id}/expire", summary="End an unpaid order", response_model=Envelope[OrderDetailView])
@rules(MANAGE, idempotent=True, errors=(409,))
async def expire_order(order_id: OrderId, desk: AdminDesk, session: Session) -> Answer:
    """Its photos and pictures go at once; 409 for one that is paid."""
    await administering.expire(session, order_id, desk)
    return await _shown(session, order_id)


@router.post(
    "/orders/{order_id}/revoke-links", summary="Make an order's links void", response_model=Envelope[NewLinksView]
)
@rules(MANAGE, idempotent=True, secret_answer=True)
async def revoke_links(
    order_id: OrderId,
    desk: AdminDesk,
    house: AdminHouse,
    session: Session,
    tribute: Annotated[bool, Query(description="That of the tribute page too, which is printed in the book")] = True,
) -> Answer:
    """The customer's, and that of the tribute page unless said otherwise. The answer holds those that lead there."""
    view = await administering.revoke_links(session, order_id, desk, house.addresses, tribute=tribute)
    return Answer(view.model_dump(mode="json"), cache_control=PRIVATE)


@router.post(
    "/orders/{order_id}/refund",
    status_code=202,
    summary="Give an order's money back",
    response_model=Envelope[OrderDetailView],
)
@rules(REFUND, idempotent=True, errors=(409,))
async def refund_order(order_id: OrderId, data: NewRefund, desk: AdminDesk, session: Session) -> Answer:
    """So much of it, or all. `refunds` shows what becomes of it; 409 with words for more than was paid."""
    await refunding.refund_order(session, actor=desk.actor, order_id=order_id, amount=data.amount, reason=data.reason)
    return await _shown(session, order_id, status=202)


async def _shown(session: Session, order_id: UUID, *, status: int = 200) -> Answer:
    view = await register.everything(session, order_id)
    tag = row_etag(view.version, view.model_dump_json())
    return Answer(view.model_dump(mode="json"), status=status, etag=tag, cache_control=PRIVATE)
