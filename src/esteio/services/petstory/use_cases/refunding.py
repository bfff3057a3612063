"""Giving money back: who asks for it, and what became of it."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.services.petstory.errors import RefundRefused
from esteio.services.petstory.models import Order, Payment, Refund
from esteio.services.petstory.orders import Actor, locked
from esteio.services.petstory.payments import refunds
from esteio.services.petstory.payments.answers import GivenBack
from esteio.services.petstory.payments.standing import ZERO
from esteio.telemetry.logs import log

LONGEST_WORDS = 200


async def refund_order(
    session: AsyncSession, *, actor: Actor, order_id: UUID, amount: Decimal | None, reason: str
) -> Order:
    """Have so much of an order's money given back, or all of it; jobs do it, and their readings move the order.

    Raises `NotFound` and `RefundRefused`, whose words say what can be given back.
    """
    order = await locked(session, order_id)
    found = await refunds.left(session, order)
    total = sum((one.amount for one in found if one.young(actor.now)), ZERO)
    if amount is not None and amount <= 0:
        raise RefundRefused("The amount to give back is more than 0.")
    if not total:
        raise RefundRefused(await _why_nothing(session, order, bool(found)))
    if amount is not None and amount > total:
        raise RefundRefused(f"At most {total} {order.currency} of this order can be given back.")
    await refunds.ask(session, order, amount=amount, reason=reason, actor=actor)
    return order


async def one_asked(session: AsyncSession, refund_id: UUID) -> Refund | None:
    """The refund, while it is to be done."""
    return await session.scalar(select(Refund).where(Refund.id == refund_id, Refund.state == "asked"))


async def numbers_done(session: AsyncSession, number: str) -> set[str]:
    """Mercado Pago's numbers of what we gave back of a payment."""
    query = select(Refund.refund_number).where(Refund.number == number, Refund.refund_number.is_not(None))
    return {found for found in await session.scalars(query) if found}


async def given_back(session: AsyncSession, number: str) -> Decimal:
    """How much we gave back of a payment, in all."""
    done = select(func.sum(Refund.amount)).where(Refund.number == number, Refund.state == "done")
    return await session.scalar(done) or ZERO


async def note_done(session: AsyncSession, refund_id: UUID, given: GivenBack, *, actor: Actor) -> None:
    """It is given back. Once noted it stays so."""
    refund = await _held(session, refund_id)
    if refund.state == "done":
        return
    refund.state, refund.refund_number, refund.error, refund.done_at = "done", given.number, None, actor.now
    _audit(session, refund, actor, "done", {"refund": given.number})
    await session.flush()


async def note_failed(session: AsyncSession, refund_id: UUID, words: str, *, actor: Actor) -> None:
    """It cannot be given back; the words are shown to who manages orders."""
    refund = await _held(session, refund_id)
    if refund.state != "asked":
        return
    refund.state, refund.error, refund.done_at = "failed", words[:LONGEST_WORDS], actor.now
    _audit(session, refund, actor, "failed", {"error": refund.error})
    log("esteio.petstory").warning("petstory.refund_failed", order=str(refund.order_id), payment=refund.number)


async def _held(session: AsyncSession, refund_id: UUID) -> Refund:
    """The refund, its order held first."""
    order = (await session.execute(select(Refund.order_id).where(Refund.id == refund_id))).scalar_one()
    await locked(session, order)
    query = select(Refund).where(Refund.id == refund_id).execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one()


def _audit(session: AsyncSession, refund: Refund, actor: Actor, what: str, more: dict[str, str | None]) -> None:
    actor.audit.write(
        session,
        f"petstory.refund.{what}",
        str(refund.order_id),
        tenant=actor.tenant,
        actor=actor.who,
        details={"payment": refund.number, "amount": str(refund.amount), **more},
    )


async def _why_nothing(session: AsyncSession, order: Order, too_old: bool) -> str:
    if too_old:
        return (
            f"The payments of this order are more than {refunds.REFUNDABLE.days} days old: give the money back by hand."
        )
    under_way = await session.scalar(
        select(func.count()).select_from(Refund).where(Refund.order_id == order.id, Refund.state == "asked")
    )
    if under_way:
        return "All that was paid is already on its way back."
    known = await session.scalar(select(func.count()).select_from(Payment).where(Payment.order_id == order.id))
    return "All that was paid has been given back." if known and order.state == "refunded" else "Nothing was paid."
