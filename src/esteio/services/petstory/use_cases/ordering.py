"""Orders as their customers begin, change and cancel them."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import Invalid, PreconditionFailed
from esteio.base.ids import new_id
from esteio.services.petstory import customers, orders, photos
from esteio.services.petstory.addresses import Addresses
from esteio.services.petstory.errors import OrderState
from esteio.services.petstory.links import Link
from esteio.services.petstory.models import Order
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.queries import order_now
from esteio.services.petstory.schemas import NewOrder, NewOrderView, OrderChange, OrderView
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.states import OPEN, UNPAID
from esteio.services.petstory.views import order_view

_ALWAYS = frozenset({"tribute"})
CANCELLED = "cancelled by the customer"


async def begin_order(
    *, session: AsyncSession, actor: Actor, section: PetstorySettings, addresses: Addresses, data: NewOrder
) -> NewOrderView:
    """A draft with its secret link. Tells `order.draft`.

    Raises `UploadsExhausted` where the address has begun as many within the hour as it may: exactly, however many
    begin at once.
    """
    members = data.model_dump(exclude={"email"})
    _check(members, section, actor.now)
    customer = await customers.held(session, data.email, tenant=actor.tenant, now=actor.now)
    await customers.begun_lately(session, customer, section.orders_email, actor.now)
    order = _draft(customer.id, members, section, actor)
    orders.begin(session, order, actor=actor)
    view = order_view(await order_now(session, order.id), addresses, actor.now)
    link = addresses.order_token(order.id, order.link)
    return NewOrderView(**dict(view), link=link, url=addresses.order(order.id, order.link))


async def change_order(
    *,
    session: AsyncSession,
    link: Link,
    actor: Actor,
    section: PetstorySettings,
    addresses: Addresses,
    expected: int | None,
    data: OrderChange,
) -> OrderView:
    """Only the members that are named. After a preview other styles send the order back to its photos.

    Raises `PreconditionFailed` with the present order when its version is not `expected`, and `OrderState` naming what
    cannot change any more.
    """
    order = await orders.reached(session, link)
    if expected is not None and order.version != expected:
        raise PreconditionFailed(data=order_view(await order_now(session, order.id), addresses, actor.now))
    changes = data.changes()
    _check_changeable(order, changes)
    _check(changes, section, actor.now)
    email = changes.pop("email", None)
    if email is not None:
        changes |= await _other_customer(session, order, email, section, actor)
    await _write(session, order, changes, actor)
    return order_view(await order_now(session, order.id), addresses, actor.now)


async def cancel_order(*, session: AsyncSession, link: Link, actor: Actor, addresses: Addresses) -> OrderView:
    """An unpaid order expires, and its photos and pictures go at once. One that has expired stays as it is.

    Raises `OrderState` for one that is paid.
    """
    order = await orders.reached(session, link)
    if order.state != "expired":
        if order.state not in UNPAID:
            raise OrderState("The order is paid: it cannot be cancelled here any more.")
        await photos.purge(session, order.id)
        ended = {"ended_at": actor.now, "photos_purged_at": actor.now}
        await orders.move(session, order, "expired", actor=actor, reason=CANCELLED, **ended)
    return order_view(await order_now(session, order.id), addresses, actor.now)


def _draft(customer: UUID, members: dict[str, Any], section: PetstorySettings, actor: Actor) -> Order:
    now = actor.now
    return Order(
        **members,
        id=new_id(),
        tenant_id=actor.tenant,
        customer_id=customer,
        state="draft",
        price=section.price,
        currency=section.currency,
        received=0,
        spent=0,
        wanted=0,
        link=1,
        tribute_link=1,
        version=1,
        created_at=now,
        updated_at=now,
        expires_at=now + timedelta(days=section.photos_days),
    )


def _check(members: dict[str, Any], section: PetstorySettings, now: datetime) -> None:
    """What the settings and the calendar allow. Raises `Invalid`."""
    styles = members.get("styles")
    if styles is not None and len(styles) > section.styles:
        raise Invalid.at("styles", f"An order may have {section.styles} styles.")
    born: date | None = members.get("born")
    # A day begins earlier in the east: who is a day ahead of UTC is not wrong.
    if born is not None and born > now.date() + timedelta(days=1):
        raise Invalid.at("born", "A birthday does not lie in the future.")


def _check_changeable(order: Order, changes: dict[str, Any]) -> None:
    if order.state in OPEN:
        return
    for name in changes:
        if name not in _ALWAYS:
            raise OrderState.at(name, f"An order that is {order.state} may only change: {', '.join(_ALWAYS)}.")


async def _other_customer(
    session: AsyncSession, order: Order, email: str, section: PetstorySettings, actor: Actor
) -> dict[str, Any]:
    """Whose the order is then. Orders that are moved to an address count as begun for it."""
    customer = await customers.held(session, email, tenant=actor.tenant, now=actor.now)
    if customer.id != order.customer_id:
        await customers.begun_lately(session, customer, section.orders_email, actor.now)
    return {"customer_id": customer.id}


async def _write(session: AsyncSession, order: Order, changes: dict[str, Any], actor: Actor) -> None:
    restyled = "styles" in changes and changes["styles"] != order.styles
    if restyled and order.state in ("preview_ready", "preview_failed"):
        await orders.move(session, order, "photos_uploaded", actor=actor, **changes)
    else:
        await orders.change(session, order, actor=actor, **changes)
