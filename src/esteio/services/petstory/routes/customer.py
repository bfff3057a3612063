"""The customer of a request: who has an order's secret link is let in, and nobody else."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request

from esteio.auth.audit import Audit
from esteio.base.errors import NotFound
from esteio.base.principal import DEFAULT_TENANT
from esteio.http.answers import Answer
from esteio.http.etags import row_etag
from esteio.http.exchange import exchange_of
from esteio.http.house import House, house_of
from esteio.services.petstory import views
from esteio.services.petstory.addresses import Addresses
from esteio.services.petstory.links import CUSTOMER, Link, read
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.queries import Row
from esteio.services.petstory.schemas import OrderView
from esteio.services.petstory.settings import PetstorySettings

PRIVATE = "private, no-store"
"""What customers are answered lies behind a secret address: nobody keeps it."""

AGAIN = 2
"""Seconds after which it is worth asking how far an order is."""

_MOVING = frozenset({"preview_queued", "paid", "producing"})


@dataclass(frozen=True, slots=True)
class Counter:
    """What every operation of customers works with."""

    house: House
    section: PetstorySettings
    addresses: Addresses
    actor: Actor


@dataclass(frozen=True, slots=True)
class Visit(Counter):
    """A customer at an order. Whether the order is there, and still knows the link, is seen where it is read."""

    token: str
    link: Link


async def _counter(request: Request) -> Counter:
    """Raises `NotFound` for whoever is proved to be of another tenant: orders are in that of everybody."""
    house, exchange = house_of(request), exchange_of(request.scope)
    if exchange.principal.tenant != DEFAULT_TENANT:
        raise NotFound
    return Counter(
        house,
        house.settings["petstory"],
        Addresses(house.resources.keyring, exchange.base),
        Actor(CUSTOMER, DEFAULT_TENANT, house.clock, Audit(house.clock)),
    )


NewCustomer = Annotated[Counter, Depends(_counter)]
"""Somebody who has no order yet."""


async def _visit(
    counter: NewCustomer, link: Annotated[str, Path(max_length=200, description="The order's secret link")]
) -> Visit:
    found = read(counter.house.resources.keyring, "order", link)
    return Visit(counter.house, counter.section, counter.addresses, counter.actor, link, found)


CustomerOrder = Annotated[Visit, Depends(_visit)]
"""The order behind the link in the address. To stand before the session among a route's parameters."""


def answered(view: OrderView, *, status: int = 200, location: str | None = None) -> Answer:
    """The order with its ETag, which begins with its version; with Retry-After while something is being made."""
    return Answer(
        view.model_dump(mode="json"),
        status=status,
        etag=row_etag(view.version, view.model_dump_json()),
        location=location,
        cache_control=PRIVATE,
        headers={"Retry-After": str(AGAIN)} if view.state in _MOVING else None,
    )


def shown(row: Row, visit: Visit, *, status: int = 200) -> Answer:
    """The same of an order as the reads find it."""
    return answered(views.order_view(row, visit.addresses, visit.actor.now), status=status)
