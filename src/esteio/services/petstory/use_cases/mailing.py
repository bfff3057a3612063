"""Mails to customers: what they tell, and what became of them. A mail is handed over once."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.files.tables import StoredFile
from esteio.services.petstory import mails, orders
from esteio.services.petstory.addresses import Addresses
from esteio.services.petstory.errors import MailsExhausted, OrderState
from esteio.services.petstory.letters.told import Attached, Told
from esteio.services.petstory.links import Link
from esteio.services.petstory.models import Art, Customer, Mail, Order, Photo
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.queries import order_now
from esteio.services.petstory.schemas import OrderView
from esteio.services.petstory.states import BOOKED, State
from esteio.services.petstory.views import order_view

UNCONFIRMED = "UNCONFIRMED"
"""Nobody knows whether the mail went, so it is not sent again before somebody asks."""

DAY = timedelta(days=1)
MOST_A_DAY = 5
LONGEST_ANSWER = 300

_WANTED: dict[str, frozenset[State]] = {
    "book": BOOKED,
    "photo_wanted": frozenset({"production_failed"}),
    "refunded": frozenset({"refunded", "charged_back"}),
}
"""In which states of its order a mail still tells the truth."""


async def again(session: AsyncSession, link: Link, *, actor: Actor, addresses: Addresses) -> OrderView:
    """The customer asks for the mail with the book once more.

    Raises `NotFound`, `OrderState` where there is no book or its mail is under way, and `MailsExhausted`.
    """
    order = await orders.reached(session, link)
    if order.state not in BOOKED:
        raise OrderState(f"The book of an order that is {order.state} cannot be mailed.")
    if order.book_id is None:
        raise OrderState("The book of this order is not kept any more.")
    if await mails.under_way(session, order, "book"):
        raise OrderState("The mail with the book is on its way already.")
    since = actor.now - DAY
    lately = select(func.count(), func.min(Mail.created_at))
    query = lately.where(Mail.order_id == order.id, Mail.kind == "book", Mail.created_at > since)
    count, first = (await session.execute(query)).one()
    if count >= MOST_A_DAY:
        wait = max(1, int((first - since).total_seconds()) + 1)
        raise MailsExhausted(headers={"Retry-After": str(wait)})
    await mails.ask(session, order, "book", actor=actor)
    order = await orders.change(session, order, actor=actor)
    return order_view(await order_now(session, order.id), addresses, actor.now)


async def begin(session: AsyncSession, mail_id: UUID, *, actor: Actor) -> Told | None:
    """What is to be told; `None` where nothing is to be sent any more.

    A mail that was being handed over when its job ended may have gone: it is unconfirmed from now on.
    """
    found = await _held(session, mail_id)
    if found is None or found[0].state not in mails.PENDING:
        return None
    mail, order = found
    if mail.state == "handing_over":
        await _unsent(session, mail, order, "unconfirmed", UNCONFIRMED, actor=actor)
        return None
    email = await session.scalar(select(Customer.email).where(Customer.id == order.customer_id))
    if order.state not in _WANTED[mail.kind] or email is None:
        mail.state = "failed"
        mail.answer = f"not sent: the order is {order.state}" if email else "not sent: the customer was forgotten"
        return None
    photos = await _undrawable(session, order) if mail.kind == "photo_wanted" else ()
    return Told(mail.id, mail.kind, email, order, await _book(session, order, actor), photos)


async def hand_over(session: AsyncSession, told: Told) -> bool:
    """Note that the mail is about to go; whether it still should, since its order may have moved meanwhile."""
    found = await _held(session, told.mail)
    if found is None:
        return False
    mail, order = found
    same = (order.link, order.customer_id) == (told.order.link, told.order.customer_id)
    if mail.state != "queued" or order.state not in _WANTED[mail.kind] or not same:
        return False
    mail.state = "handing_over"
    return True


async def sent(session: AsyncSession, told: Told, code: int, answer: str, *, actor: Actor) -> None:
    """The server has taken it. With the book's mail the order is `emailed`, where it had not got further."""
    found = await _held(session, told.mail)
    if found is None:
        return
    mail, order = found
    mail.state, mail.code, mail.answer, mail.sent_at = "sent", code, answer[:LONGEST_ANSWER], actor.now
    if mail.kind != "book":
        return
    if order.state in ("produced", "email_failed"):
        await orders.move(session, order, "emailed", actor=actor, emailed_at=actor.now)
    elif order.state in BOOKED and order.emailed_at is None:
        await orders.change(session, order, actor=actor, emailed_at=actor.now)


async def not_sent(
    session: AsyncSession,
    mail_id: UUID,
    state: str,
    reason: str,
    *,
    actor: Actor,
    code: int | None = None,
    answer: str = "",
) -> None:
    """It was `refused`, has `failed`, or is `unconfirmed`. The order shows why; its link stays."""
    found = await _held(session, mail_id)
    if found is not None and found[0].state in mails.PENDING:
        found[0].code, found[0].answer = code, answer[:LONGEST_ANSWER] or None
        await _unsent(session, *found, state, reason, actor=actor)


async def not_taken(session: AsyncSession, mail_id: UUID, code: int | None, answer: str) -> None:
    """The server has said: not now. The mail waits for the next try."""
    found = await _held(session, mail_id)
    if found is not None and found[0].state in mails.PENDING:
        found[0].state, found[0].code, found[0].answer = "queued", code, answer[:LONGEST_ANSWER] or None


async def _unsent(session: AsyncSession, mail: Mail, order: Order, state: str, reason: str, *, actor: Actor) -> None:
    mail.state = state
    if mail.kind != "book":
        return
    if order.state == "produced":
        await orders.move(session, order, "email_failed", actor=actor, reason=reason)
    elif order.state == "email_failed":
        await orders.change(session, order, actor=actor, reason=reason)


async def _held(session: AsyncSession, mail_id: UUID) -> tuple[Mail, Order] | None:
    """The mail with its order, which is held first."""
    order_id = await session.scalar(select(Mail.order_id).where(Mail.id == mail_id))
    if order_id is None:
        return None
    order = await orders.locked(session, order_id)
    mail = await session.scalar(select(Mail).where(Mail.id == mail_id).execution_options(populate_existing=True))
    return None if mail is None else (mail, order)


async def _book(session: AsyncSession, order: Order, actor: Actor) -> Attached | None:
    query = select(StoredFile.key, StoredFile.size).where(
        StoredFile.id == order.book_id, StoredFile.deleted_at.is_(None), StoredFile.expires_at > actor.now
    )
    found = (await session.execute(query)).one_or_none()
    return None if found is None else Attached(found.key, found.size)


async def _undrawable(session: AsyncSession, order: Order) -> list[int]:
    """The places of the photos that could not be drawn, as the customer counts them."""
    ids = list(await session.scalars(select(Photo.id).where(Photo.order_id == order.id).order_by(Photo.position)))
    query = select(Art.photo_id).where(Art.order_id == order.id, Art.state == "refused", Art.style.in_(order.styles))
    refused = set(await session.scalars(query))
    return [place for place, photo in enumerate(ids, 1) if photo in refused]
