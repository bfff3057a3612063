"""Orders that wait for a job which is no more: they come to an end that somebody sees."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.jobs.enqueue import enqueue, living
from esteio.services.petstory import drawings, mails, orders
from esteio.services.petstory.drawings import STAGES, art_job
from esteio.services.petstory.models import Art, Mail, Order
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.payments import refunds
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.states import BUDGET, JOB_LOST, PHOTO_LOST, PHOTO_REFUSED, PHOTOS_GONE
from esteio.services.petstory.tasks import DRAW, DRAW_ASKED, MAKE_BOOK, PRODUCE, SEND_MAIL, OrderRef, produce_job

QUIET = timedelta(minutes=5)
"""An order that moved more recently is left alone."""

NEVER_MADE = "The book could not be made."
AGAIN = timedelta(hours=1)
FINAL = frozenset({BUDGET, PHOTOS_GONE, PHOTO_LOST})
"""Why a book is not made, however often it is tried, unless somebody does something about it."""

PENDING_MAILS = ("queued", "handing_over")
_WAITING = ("preview_queued", "paid", "producing", "production_failed", "produced")


async def waiting(session: AsyncSession, *, actor: Actor, after: UUID | None, most: int) -> Sequence[UUID]:
    """Orders that wait for something of ours and have not moved lately, in the order of their ids."""
    query = select(Order.id).where(Order.state.in_(_WAITING), Order.updated_at < actor.now - QUIET)
    if after is not None:
        query = query.where(Order.id > after)
    return list(await session.scalars(query.order_by(Order.id).limit(most)))


async def mend(session: AsyncSession, order_id: UUID, *, actor: Actor, section: PetstorySettings) -> bool:
    """Whether the order waited for nothing: it has failed then, and its operator or customer may go on."""
    order = await orders.locked(session, order_id)
    if order.state not in _WAITING or order.updated_at >= actor.now - QUIET:
        return False
    if order.state == "production_failed":
        return await _not_made(session, order, actor, section)
    if order.state == "produced":
        return await _mail_lost(session, order, actor)
    if order.state in STAGES:
        return await _drawing_lost(session, order, actor)
    if await living(session, PRODUCE, [produce_job(order.id)]):
        return False
    await orders.move(session, order, "production_failed", actor=actor, reason=JOB_LOST)
    return True


async def _drawing_lost(session: AsyncSession, order: Order, actor: Actor) -> bool:
    how = await drawings.standing(session, order, STAGES[order.state])
    lost = await _without_job(session, [art for art in how.wanted if art.state == "queued"])
    if how.open > len(lost) or await living(session, MAKE_BOOK, [str(order.id)]):
        return False
    if order.state == "producing" and await living(session, PRODUCE, [produce_job(order.id)]):
        return False
    for art in lost:
        art.state, art.reason = "failed", JOB_LOST
    to = "preview_failed" if order.state == "preview_queued" else "production_failed"
    await orders.move(session, order, to, actor=actor, reason=JOB_LOST)  # type: ignore[arg-type]
    return True


async def _without_job(session: AsyncSession, queued: Sequence[Art]) -> list[Art]:
    keys = [art_job(art) for art in queued]
    alive = await living(session, DRAW, keys) | await living(session, DRAW_ASKED, keys)
    return [art for art in queued if art_job(art) not in alive]


async def _mail_lost(session: AsyncSession, order: Order, actor: Actor) -> bool:
    query = select(Mail).where(Mail.order_id == order.id, Mail.kind == "book").order_by(Mail.created_at.desc()).limit(1)
    mail = await session.scalar(query)
    if mail is None or await living(session, SEND_MAIL, [mails.mail_job(mail.id)]):
        return False
    if mail.state in PENDING_MAILS:
        mail.state = "unconfirmed" if mail.state == "handing_over" else "failed"
    await orders.move(session, order, "email_failed", actor=actor, reason=JOB_LOST)
    return True


async def _not_made(session: AsyncSession, order: Order, actor: Actor, section: PetstorySettings) -> bool:
    """A book that could not be made is tried again every hour, where that may help; after days the money goes back.

    Days count from the payment, and from the order's last change where its customer is to send another photo.
    """
    if await living(session, PRODUCE, [produce_job(order.id)]):
        return False
    customers = order.reason == PHOTO_REFUSED or order.wanted > 0
    since = order.updated_at if customers else order.paid_at or order.updated_at
    if section.refund_failed and since <= actor.now - timedelta(hours=section.refund_after_hours):
        return bool(await refunds.ask(session, order, amount=None, reason=NEVER_MADE, actor=actor))
    if customers or order.reason in FINAL or order.updated_at > actor.now - AGAIN:
        return False
    ref = OrderRef(order=order.id)
    await enqueue(session, PRODUCE, ref, tenant=actor.tenant, principal=actor.who, key=produce_job(order.id))
    return True
