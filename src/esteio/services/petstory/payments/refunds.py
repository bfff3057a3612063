"""Money that is given back: what is left of an order's payments, and from which of them it is taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.ids import new_id
from esteio.jobs.enqueue import Order as Asked
from esteio.jobs.enqueue import enqueue_all
from esteio.services.petstory.models import Order, Payment, Refund
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.payments.standing import FOREIGN, HELD, ZERO
from esteio.services.petstory.tasks import REFUND, RefundRef

REFUNDABLE = timedelta(days=180)
"""Mercado Pago gives nothing back of what was approved longer ago."""

_OURS = or_(Payment.doubt.is_(None), Payment.doubt.not_in(FOREIGN))


@dataclass(frozen=True, slots=True)
class Left:
    """What of a payment can still be given back, in its currency."""

    number: str
    amount: Decimal
    approved_at: datetime | None

    def young(self, now: datetime) -> bool:
        return self.approved_at is None or now - self.approved_at <= REFUNDABLE


async def ask(
    session: AsyncSession,
    order: Order,
    *,
    amount: Decimal | None,
    reason: str,
    actor: Actor,
    number: str | None = None,
) -> int:
    """Write down what is to be given back of an order that is held (`orders.locked`), and have jobs do it.

    `amount` is in the order's currency, and everything where it is `None`; never more than what is left and not too
    old is taken, the latest payment first, or of the payment of this `number` only. Returns how many refunds that
    makes: 0 where nothing is left. Asking again while they are under way finds nothing left either.
    """
    found = [one for one in await left(session, order) if one.young(actor.now) and number in (None, one.number)]
    rows = [_refund(order, of, part, reason, actor) for of, part in shares(found, amount)]
    session.add_all(rows)
    await session.flush()
    for row in rows:
        details = {"payment": row.number, "amount": str(row.amount), "reason": row.reason}
        actor.audit.write(
            session, "petstory.refund.asked", str(order.id), tenant=actor.tenant, actor=actor.who, details=details
        )
    await _have_done(session, [row.id for row in rows], actor)
    return len(rows)


async def left(session: AsyncSession, order: Order) -> list[Left]:
    """What can be given back, by payment, the latest first. What was asked for already is not counted."""
    payments = await session.scalars(
        select(Payment)
        .where(Payment.order_id == order.id, Payment.status.in_(HELD), _OURS)
        .order_by(Payment.first_seen_at.desc(), Payment.id.desc())
    )
    refunds = (await session.scalars(select(Refund).where(Refund.order_id == order.id, Refund.state != "failed"))).all()
    found = [Left(one.number, one.amount - _gone(one, refunds), one.approved_at) for one in payments]
    return [one for one in found if one.amount > 0]


async def given_up(session: AsyncSession, order: Order) -> bool:
    """Whether what a book costs has gone back, or is about to."""
    asked = select(func.coalesce(func.sum(Refund.amount), 0))
    gone = await session.scalar(asked.where(Refund.order_id == order.id, Refund.state != "failed"))
    return gone is not None and gone >= order.price


def shares(found: Sequence[Left], amount: Decimal | None) -> list[tuple[Left, Decimal]]:
    """How much is taken from which, until the amount is reached."""
    shares, rest = [], amount if amount is not None else sum((one.amount for one in found), ZERO)
    for one in found:
        if (part := min(rest, one.amount)) > 0:
            shares.append((one, part))
            rest -= part
    return shares


def _gone(payment: Payment, refunds: Sequence[Refund]) -> Decimal:
    """What went back or is about to. A refund of ours that is done may not have been seen at the payment yet."""
    ours = [one for one in refunds if one.number == payment.number]
    done = sum((one.amount for one in ours if one.state == "done"), ZERO)
    asked = sum((one.amount for one in ours if one.state == "asked"), ZERO)
    return max(payment.refunded, done) + asked


def _refund(order: Order, of: Left, amount: Decimal, reason: str, actor: Actor) -> Refund:
    refund = new_id()
    return Refund(
        id=refund,
        tenant_id=actor.tenant,
        order_id=order.id,
        number=of.number,
        amount=amount,
        idempotency_key=f"refund-{refund}",
        state="asked",
        reason=reason[:200],
        asked_by=actor.who[:100],
        created_at=actor.now,
    )


async def _have_done(session: AsyncSession, refunds: Sequence[UUID], actor: Actor) -> None:
    asked = [Asked(RefundRef(refund=refund), key=f"refund:{refund}") for refund in refunds]
    if asked:
        await enqueue_all(session, REFUND, asked, tenant=actor.tenant, principal=actor.who)
