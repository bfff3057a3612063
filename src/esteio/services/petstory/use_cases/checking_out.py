"""Letting an order be paid: the key of the call is written down before it, what came of it after it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from time import monotonic
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import NotFound
from esteio.base.ids import new_id
from esteio.db.database import Database
from esteio.db.transaction import after_commit, touched, transaction
from esteio.services.petstory.addresses import Addresses
from esteio.services.petstory.errors import OrderState, PaymentsOff
from esteio.services.petstory.links import Link
from esteio.services.petstory.models import Checkout, Customer, Order
from esteio.services.petstory.orders import Actor, locked, move
from esteio.services.petstory.payments.answers import Preferred
from esteio.services.petstory.payments.mercadopago import MercadoPago
from esteio.services.petstory.payments.preferences import Offer, body_of
from esteio.services.petstory.payments.refusals import Busy, Declined
from esteio.services.petstory.payments.waiting import next_look
from esteio.services.petstory.schemas import CheckoutView
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.states import AWAITING, OPEN
from esteio.telemetry.logs import log
from esteio.upstream.errors import UpstreamUnavailable

SHORTEST = timedelta(minutes=30)
PAYABLE = frozenset({"preview_ready"}) | AWAITING
PAUSE = 0.3
"""Seconds after which who finds the same call under way looks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """What a checkout is made with."""

    database: Database
    market: MercadoPago
    section: PetstorySettings
    addresses: Addresses
    actor: Actor
    spread: Callable[[UUID, frozenset[str]], Awaitable[None]]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with transaction(self.database, self.actor.tenant) as session:
            after_commit(session, lambda: self.spread(self.actor.tenant, touched(session)))
            yield session


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that is written down; it has not been made, or its answer was lost."""

    checkout: Checkout
    body: bytes


async def check_out(till: Till, link: Link) -> tuple[CheckoutView, bool]:
    """Where the order is paid, and whether that is new. Asked again it is the same address while that can be paid.

    Raises `NotFound`, `OrderState`, `PaymentsOff`, and `UpstreamUnavailable` with the order as it was: what was
    written down then is used by the next who asks, so that there is never more than one preference of a customer.
    """
    end = monotonic() + till.section.checkout_wait
    while monotonic() < end:
        async with till.transaction() as session:
            found = await _living(session, till, link)
        if isinstance(found, CheckoutView):
            return found, False
        try:
            async with asyncio.timeout(max(0.0, end - monotonic())):
                preferred = await till.market.prefer(found.body, found.checkout.idempotency_key)
        except TimeoutError:
            break
        except Busy:
            await asyncio.sleep(PAUSE)
            continue
        except Declined as error:
            log("esteio.petstory").error("petstory.checkout_declined", cause=str(error))
            raise UpstreamUnavailable(retry_after=60, operator=str(error)) from error
        async with till.transaction() as session:
            return await _made(session, till, link, found.checkout, preferred)
    # The customer does not wait longer. What the call brings is found with its key by who asks again.
    raise UpstreamUnavailable(retry_after=2, operator="mercadopago: the call is still under way")


def _unpayable(state: str) -> str:
    if state in OPEN or state == "preview_queued":
        return f"An order that is {state} cannot be paid yet: it can once its preview is ready."
    return f"An order that is {state} cannot be paid."


async def _living(session: AsyncSession, till: Till, link: Link) -> CheckoutView | _Call:
    """The checkout that can be paid, or the call that makes one."""
    order = await _order(session, link)
    if not till.section.paying:
        raise PaymentsOff
    if order.state not in PAYABLE:
        raise OrderState(_unpayable(order.state))
    query = select(Checkout).where(Checkout.order_id == order.id, Checkout.expires_at > till.actor.now)
    living = (await session.scalars(query.order_by(Checkout.created_at.desc(), Checkout.id.desc()))).all()
    for checkout in living:
        if checkout.url is not None and checkout.amount == order.price:
            await _payable(session, order, till.actor)
            return CheckoutView.model_validate(checkout, from_attributes=True)
    if order.state == "payment_pending":
        raise OrderState("A payment of this order is under way: wait for what comes of it.")
    return await _call(session, till, order, [one for one in living if one.url is None])


async def _call(session: AsyncSession, till: Till, order: Order, begun: list[Checkout]) -> _Call:
    """The call that was begun, where it is for the same; else a new one with a key of its own."""
    email = await session.scalar(select(Customer.email).where(Customer.id == order.customer_id))
    for checkout in begun:
        body = _body(till, order, checkout, email)
        if sha256(body).hexdigest() == checkout.asked_sha256:
            return _Call(checkout, body)
    checkout = _checkout(till, order)
    body = _body(till, order, checkout, email)
    checkout.asked_sha256 = sha256(body).hexdigest()
    session.add(checkout)
    return _Call(checkout, body)


def _checkout(till: Till, order: Order) -> Checkout:
    now = till.actor.now.replace(microsecond=0)
    latest = max(order.expires_at, now + SHORTEST)
    checkout = new_id()
    return Checkout(
        id=checkout,
        tenant_id=till.actor.tenant,
        order_id=order.id,
        idempotency_key=f"checkout-{checkout}",
        amount=order.price,
        currency=order.currency,
        created_at=now,
        expires_at=min(now + timedelta(hours=till.section.checkout_hours), latest).replace(microsecond=0),
    )


def _body(till: Till, order: Order, checkout: Checkout, email: str | None) -> bytes:
    offer = Offer(
        order=order.id,
        token=till.addresses.order_token(order.id, order.link),
        email=email,
        language=order.language,
        amount=checkout.amount,
        currency=checkout.currency,
        since=checkout.created_at,
        until=checkout.expires_at,
    )
    return body_of(offer, base=till.addresses.base, market=till.section.mercadopago_url)


async def _made(
    session: AsyncSession, till: Till, link: Link, asked: Checkout, preferred: Preferred
) -> tuple[CheckoutView, bool]:
    """Note where it is paid. Who comes second, with the answer to the same call, finds it noted."""
    order = await _order(session, link)
    if order.state not in PAYABLE:
        raise OrderState("The order has changed meanwhile: look at it again.")
    checkout = await session.get_one(Checkout, asked.id, populate_existing=True)
    new = checkout.url is None
    if new:
        others = update(Checkout).where(Checkout.order_id == order.id, Checkout.id != checkout.id)
        await session.execute(others.values(look_at=None))
        checkout.preference_id = preferred.preference
        checkout.url = preferred.init_point if till.section.mercadopago_live else preferred.sandbox_init_point
        checkout.look_at = next_look(checkout.created_at, till.actor.now, till.section)
    await _payable(session, order, till.actor)
    return CheckoutView.model_validate(checkout, from_attributes=True), new


async def _payable(session: AsyncSession, order: Order, actor: Actor) -> None:
    if order.state in ("preview_ready", "payment_rejected"):
        await move(session, order, "checkout_created", actor=actor)


async def _order(session: AsyncSession, link: Link) -> Order:
    order = await locked(session, link.order)
    if order.link != link.number:
        raise NotFound
    return order
