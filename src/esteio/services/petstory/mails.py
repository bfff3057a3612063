"""Mails of orders: written down with what they are about, sent by jobs."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.ids import new_id
from esteio.jobs.enqueue import enqueue, living
from esteio.services.petstory.models import Mail, Order
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.tasks import SEND_MAIL, MailKind, MailRef

PENDING = ("queued", "handing_over")


async def ask(session: AsyncSession, order: Order, kind: MailKind, *, actor: Actor) -> UUID:
    """Have the customer of an order that is held written to; the mail's id."""
    mail = Mail(id=new_id(), tenant_id=actor.tenant, order_id=order.id, kind=kind, state="queued", created_at=actor.now)
    session.add(mail)
    await session.flush()
    ref = MailRef(mail=mail.id, order=order.id)
    await enqueue(session, SEND_MAIL, ref, tenant=actor.tenant, principal=actor.who, key=mail_job(mail.id))
    return mail.id


async def under_way(session: AsyncSession, order: Order, kind: MailKind) -> bool:
    """Whether a mail of this kind is about to be sent for an order that is held.

    One that nobody works on any more is not: it is written down as what became of it.
    """
    query = select(Mail).where(Mail.order_id == order.id, Mail.kind == kind, Mail.state.in_(PENDING))
    pending = (await session.scalars(query)).all()
    alive = await living(session, SEND_MAIL, [mail_job(mail.id) for mail in pending])
    for mail in pending:
        if mail_job(mail.id) not in alive:
            mail.state = "unconfirmed" if mail.state == "handing_over" else "failed"
    return bool(alive)


def mail_job(mail: UUID) -> str:
    """The key of the job that sends it."""
    return f"mail:{mail}"
