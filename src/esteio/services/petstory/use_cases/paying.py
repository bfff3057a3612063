"""What a reading of a payment means for its order. Whoever reads, and in which order, the money is counted once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import NotFound
from esteio.files.records import revoke
from esteio.jobs.enqueue import enqueue
from esteio.services.petstory import mails
from esteio.services.petstory.models import Order, Payment, PaymentEvent
from esteio.services.petstory.orders import Actor, change, locked, move, tell_void
from esteio.services.petstory.payments import refunds
from esteio.services.petstory.payments.answers import Seen
from esteio.services.petstory.payments.standing import GONE, HELD, PAID, RANKS, UNSETTLED, ZERO, net, steps
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.states import UNPAID, State
from esteio.services.petstory.tasks import PRODUCE, OrderRef, Source, produce_job
from esteio.telemetry.logs import log

PAID_TWICE = "The order was paid already."


async def observe(
    session: AsyncSession, actor: Actor, section: PetstorySettings, seen: Seen, source: Source
) -> Order | None:
    """Take note of a payment as Mercado Pago shows it, and let its order go where that leads.

    A reading that is older than the one before it changes nothing. `None` for a payment of somebody else.
    """
    order = await _order_of(session, seen)
    if order is None:
        log("esteio.petstory").info("petstory.payment_not_ours", payment=seen.number, source=source)
        return None
    query = select(Payment).where(Payment.number == seen.number).execution_options(populate_existing=True)
    payment = await session.scalar(query)
    if payment is not None and _newer(payment, seen):
        return order
    before = (payment.status, payment.doubt, net(payment)) if payment is not None else None
    payment = _noted(session, order, payment, seen, actor, _doubt(order, seen, section))
    if before == (payment.status, payment.doubt, net(payment)):
        return order
    delta = net(payment) - (before[2] if before else ZERO)
    session.add(_event(payment, delta, source, actor))
    if delta:
        order = await change(session, order, actor=actor, received=order.received + delta)
    if payment.doubt is not None and (before is None or before[1] != payment.doubt):
        _note(session, order, payment, actor, "doubted")
    if before is not None and before[0] in GONE and net(payment):
        _note(session, order, payment, actor, "returned")
    return await _follow(session, order, payment, actor)


async def _order_of(session: AsyncSession, seen: Seen) -> Order | None:
    """The order that the payment was first seen with, or the one it names, held."""
    known = await session.scalar(select(Payment.order_id).where(Payment.number == seen.number))
    order_id = known or _named(seen.reference)
    if order_id is None:
        return None
    try:
        return await locked(session, order_id)
    except NotFound:
        return None


def _named(reference: str | None) -> UUID | None:
    """The order of a reference; ours are ids in their usual spelling, and nothing else."""
    try:
        found = UUID(reference or "")
    except ValueError:
        return None
    return found if str(found) == reference else None


def _newer(payment: Payment, seen: Seen) -> bool:
    """Whether what we know is later than what is seen. Of one instant the later status counts, and the larger sum."""
    ours = (payment.changed_at, RANKS.get(payment.status, 0), payment.refunded)
    return ours > (seen.changed_at, RANKS.get(seen.status, 0), seen.refunded)


def _doubt(order: Order, seen: Seen, section: PetstorySettings) -> str | None:
    """Why the payment is not believed to pay this order."""
    if seen.reference != str(order.id):
        return "reference"
    if seen.live != section.mercadopago_live:
        return "live_mode"
    if seen.currency != order.currency:
        return "currency"
    return "amount" if seen.amount != order.price else None


def _noted(
    session: AsyncSession, order: Order, payment: Payment | None, seen: Seen, actor: Actor, doubt: str | None
) -> Payment:
    if payment is None:
        payment = Payment(
            tenant_id=actor.tenant, order_id=order.id, number=seen.number, first_seen_at=actor.now, approved_at=None
        )
        session.add(payment)
    payment.status, payment.status_detail, payment.method = seen.status, seen.status_detail, seen.method
    payment.amount, payment.refunded, payment.currency = seen.amount, seen.refunded, seen.currency
    payment.live, payment.doubt = seen.live, doubt
    payment.approved_at = seen.approved_at or payment.approved_at
    payment.changed_at, payment.seen_at = seen.changed_at, actor.now
    return payment


def _event(payment: Payment, delta: object, source: Source, actor: Actor) -> PaymentEvent:
    return PaymentEvent(
        tenant_id=actor.tenant,
        order_id=payment.order_id,
        number=payment.number,
        status=payment.status,
        status_detail=payment.status_detail,
        delta=delta,
        currency=payment.currency,
        source=source,
        doubt=payment.doubt,
        at=actor.now,
    )


def _note(session: AsyncSession, order: Order, payment: Payment, actor: Actor, what: str) -> None:
    """For who manages orders: it is not believed, or its money had gone and is here again. They may give it back."""
    details = {
        "payment": payment.number,
        "doubt": payment.doubt,
        "status": payment.status,
        "amount": str(payment.amount),
        "currency": payment.currency,
    }
    actor.audit.write(
        session, f"petstory.payment.{what}", str(order.id), tenant=actor.tenant, actor=actor.who, details=details
    )
    log("esteio.petstory").warning(f"petstory.payment_{what}", order=str(order.id), **details)


async def _follow(session: AsyncSession, order: Order, payment: Payment, actor: Actor) -> Order:
    """Let the order enter the states that its payments lead to."""
    await session.flush()
    payments = (await session.scalars(select(Payment).where(Payment.order_id == order.id))).all()
    state: State = order.state  # type: ignore[assignment]
    if state not in UNSETTLED and state in UNPAID:
        log("esteio.petstory").warning("petstory.payment_unexpected", order=str(order.id), state=state)
        return order
    if state not in UNSETTLED and _is_surplus(payment, payments) and await _has_just_come(session, payment):
        await refunds.ask(session, order, amount=None, reason=PAID_TWICE, actor=actor, number=payment.number)
        return order
    for to in steps(state, payments):
        order = await _enter(session, order, to, actor)
    if order.state == "paid" and state != "paid":
        await enqueue(
            session,
            PRODUCE,
            OrderRef(order=order.id),
            tenant=actor.tenant,
            principal=actor.who,
            key=produce_job(order.id),
        )
    return order


def _is_surplus(payment: Payment, payments: Sequence[Payment]) -> bool:
    """Whether this is money for an order that another payment had paid."""
    if payment.status != "approved" or payment.doubt is not None:
        return False
    others = [one for one in payments if one.number != payment.number and one.doubt is None]
    return any(one.status in (*HELD, *GONE) for one in others)


async def _has_just_come(session: AsyncSession, payment: Payment) -> bool:
    """Whether it was not there before. What was disputed was: where the dispute is won, the money stays."""
    told = select(PaymentEvent.position).where(
        PaymentEvent.order_id == payment.order_id,
        PaymentEvent.number == payment.number,
        PaymentEvent.status.in_(PAID),
        PaymentEvent.doubt.is_(None),
    )
    return len((await session.scalars(told.limit(2))).all()) == 1


async def _enter(session: AsyncSession, order: Order, to: State, actor: Actor) -> Order:
    now: datetime = actor.now
    match to:
        case "paid":
            return await move(session, order, to, actor=actor, paid_at=now)
        case "refunded":
            order = await move(session, order, to, actor=actor, ended_at=now)
            await mails.ask(session, order, "refunded", actor=actor)
            return order
        case "charged_back":
            await revoke(session, [order.book_id] if order.book_id else [])
            link, tribute_link = order.link + 1, order.tribute_link + 1
            order = await move(session, order, to, actor=actor, ended_at=now, link=link, tribute_link=tribute_link)
            tell_void(session, order, actor=actor)
            return order
    return await move(session, order, to, actor=actor)
