"""Where an order is paid."""

from fastapi import APIRouter

from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.rules import rules
from esteio.services.petstory.payments.mercadopago import MercadoPago
from esteio.services.petstory.routes.customer import PRIVATE, CustomerOrder
from esteio.services.petstory.schemas import CheckoutView
from esteio.services.petstory.use_cases.checking_out import Till, check_out

router = APIRouter(tags=["petstory"])


@router.post(
    "/orders/{link}/checkout",
    summary="Begin to pay an order",
    response_model=Envelope[CheckoutView],
    responses={201: {"model": Envelope[CheckoutView], "description": "A new checkout"}},
)
@rules(limits=("default",), anonymous_limits=("petstory.act",), time_budget=30, errors=(404, 409, 503))
async def begin_checkout(visit: CustomerOrder) -> Answer:
    """Mercado Pago's page for this order (201 when it is new). Asked again it is the same page until it expires."""
    house = visit.house
    till = Till(
        database=house.database,
        market=MercadoPago(house.resources.upstreams.to("mercadopago")),
        section=visit.section,
        addresses=visit.addresses,
        actor=visit.actor,
        spread=house.freshness.spread,
    )
    view, new = await check_out(till, visit.link)
    return Answer(view, status=201 if new else 200, cache_control=PRIVATE)
