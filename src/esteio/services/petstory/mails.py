"""Mails of orders: written down with what they are about, sent by jobs."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.ids import new_id
from esteio.jobs.enqueue import enqueue
from esteio.services.petstory.models import Mail, Order
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.tasks import SEND_MAIL, MailKind, MailRef


async def ask(session: AsyncSession, order: Order, kind: MailKind, *, actor: Actor) -> UUID:
    """Have the customer of an order that is held written to; the mail's id."""
    mail = Mail(id=new_id(), tenant_id=actor.tenant, order_id=order.id, kind=kind, state="queued", created_at=actor.now)
    session.add(mail)
    await session.flush()
    ref = MailRef(mail=mail.id, order=order.id)
    await enqueue(session, SEND_MAIL, ref, tenant=actor.tenant, principal=actor.who, key=mail_job(mail.id))
    return mail.id


def mail_job(mail: UUID) -> str:
    """The key of the job that sends it."""
    return f"mail:{mail}"
