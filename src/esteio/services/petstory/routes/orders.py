"""Orders, for whoever has their secret link."""

from fastapi import APIRouter, Request

from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.etags import version_condition
from esteio.http.exchange import exchange_of
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.services.petstory import queries
from esteio.services.petstory.addresses import order_path
from esteio.services.petstory.routes.customer import CustomerOrder, NewCustomer, answered, shown
from esteio.services.petstory.schemas import NewOrder, NewOrderView, OrderChange, OrderView
from esteio.services.petstory.use_cases import ordering

BEGIN, READ, ACT = ("petstory.orders",), ("petstory.read",), ("petstory.act",)

router = APIRouter(prefix="/orders", tags=["petstory"])


@router.post("", status_code=201, summary="Begin an order", response_model=Envelope[NewOrderView])
@rules(limits=BEGIN, anonymous_limits=BEGIN)
async def begin_order(data: NewOrder, customer: NewCustomer, session: Session) -> Answer:
    """The answer holds the order's secret link: whoever has it sees, changes and pays the order, and fetches the book.

    Nothing costs anything before it is paid. An e-mail address may begin so many orders an hour; 429 past that.
    """
    view = await ordering.begin_order(
        session=session, actor=customer.actor, section=customer.section, addresses=customer.addresses, data=data
    )
    return answered(view, status=201, location=order_path(view.link))


@router.get("/{link}", summary="Read an order", response_model=Envelope[OrderView])
@rules(limits=READ, anonymous_limits=READ)
async def read_order(customer: CustomerOrder) -> Answer:
    """The order with its photos, pictures, checkout and book. While something is made, `Retry-After` says when to ask
    again, and `progress` how far it is.
    """
    return shown(await queries.order_of(customer.house.database, customer.link), customer)


@router.patch("/{link}", summary="Change an order", response_model=Envelope[OrderView])
@rules(limits=ACT, anonymous_limits=ACT, precondition="accepted", errors=(409,))
async def change_order(request: Request, data: OrderChange, customer: CustomerOrder, session: Session) -> Answer:
    """Everything before the checkout, `tribute` at any time (409 otherwise). Other styles want a new preview."""
    view = await ordering.change_order(
        session=session,
        link=customer.link,
        actor=customer.actor,
        section=customer.section,
        addresses=customer.addresses,
        expected=version_condition(exchange_of(request.scope).headers.get(b"if-match")),
        data=data,
    )
    return answered(view)


@router.post("/{link}/cancel", summary="Cancel an unpaid order", response_model=Envelope[OrderView])
@rules(limits=ACT, anonymous_limits=ACT, errors=(409,))
async def cancel_order(customer: CustomerOrder, session: Session) -> Answer:
    """Its photos and pictures go at once. A paid order is not cancelled here (409)."""
    view = await ordering.cancel_order(
        session=session, link=customer.link, actor=customer.actor, addresses=customer.addresses
    )
    return answered(view)
