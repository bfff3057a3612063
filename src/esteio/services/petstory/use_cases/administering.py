"""What who manages orders may do with one. Each act is audited, by what it does or by an entry of its own."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.jobs.enqueue import enqueue
from esteio.services.petstory import drawings, mails, orders, photos
from esteio.services.petstory.addresses import Addresses
from esteio.services.petstory.admin_schemas import NewLinksView
from esteio.services.petstory.errors import OrderState
from esteio.services.petstory.models import Order
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.states import BOOKED, UNPAID
from esteio.services.petstory.tasks import PRODUCE, OrderRef

EXPIRED = "ended by an operator"
NEEDS_PHOTO = "A photo of this order cannot be drawn: its customer has to send another, or the money is given back."


@dataclass(frozen=True, slots=True)
class Desk:
    """Who manages, by which settings."""

    actor: Actor
    section: PetstorySettings


async def retry(session: AsyncSession, order_id: UUID, desk: Desk) -> None:
    """What has failed is tried once more: the preview, the book, or its mail.

    Raises `NotFound`, and `OrderState` where nothing has failed, or trying again would change nothing.
    """
    order = await orders.locked(session, order_id)
    match order.state:
        case "preview_failed":
            await _preview(session, order, desk)
        case "production_failed":
            await _produce(session, order, desk)
        case "email_failed":
            await _mail(session, order, desk)
        case _:
            raise OrderState(f"Nothing of an order that is {order.state} has failed.")


async def mail(session: AsyncSession, order_id: UUID, desk: Desk) -> None:
    """The mail with the book once more. Raises `NotFound`, and `OrderState` without a book or with one on its way."""
    order = await orders.locked(session, order_id)
    if order.state not in BOOKED:
        raise OrderState(f"The book of an order that is {order.state} cannot be mailed.")
    await _mail(session, order, desk)


async def expire(session: AsyncSession, order_id: UUID, desk: Desk) -> None:
    """The order ends unpaid; its photos and pictures go at once. Money that comes all the same goes back.

    Raises `NotFound`, and `OrderState` for one that is paid, or has ended.
    """
    order, now = await orders.locked(session, order_id), desk.actor.now
    if order.state not in UNPAID:
        raise OrderState(f"An order that is {order.state} cannot expire.")
    await photos.purge(session, order.id)
    await orders.move(session, order, "expired", actor=desk.actor, reason=EXPIRED, ended_at=now, photos_purged_at=now)


async def revoke_links(
    session: AsyncSession, order_id: UUID, desk: Desk, addresses: Addresses, *, tribute: bool
) -> NewLinksView:
    """The order's secret link leads nowhere any more; with `tribute`, nor does the address that is printed in the book.

    Raises `NotFound`.
    """
    order = await orders.locked(session, order_id)
    numbers = {"link": order.link + 1, "tribute_link": order.tribute_link + int(tribute)}
    order = await orders.change(session, order, actor=desk.actor, **numbers)
    orders.tell_void(session, order, actor=desk.actor)
    _note(session, order, "petstory.order.links_revoked", desk)
    return NewLinksView(
        id=order.id,
        link=addresses.order_token(order.id, order.link),
        url=addresses.order(order.id, order.link),
        page=addresses.order_page(order.id, order.link),
        tribute_url=addresses.tribute(order.id, order.tribute_link) if order.tribute else None,
        version=order.version,
    )


async def _preview(session: AsyncSession, order: Order, desk: Desk) -> None:
    how = await drawings.standing(session, order, "preview")
    if how.refused:
        raise OrderState(NEEDS_PHOTO)
    order = await orders.move(session, order, "preview_queued", actor=desk.actor)
    if not await drawings.ask(session, order, stage="preview", actor=desk.actor, section=desk.section):
        await orders.move(session, order, "preview_ready", actor=desk.actor)


async def _produce(session: AsyncSession, order: Order, desk: Desk) -> None:
    """The job looks itself whether the order can be made, and moves it on."""
    how = await drawings.standing(session, order, "production")
    if how.refused:
        raise OrderState(NEEDS_PHOTO)
    ref = OrderRef(order=order.id)
    actor = desk.actor
    await enqueue(session, PRODUCE, ref, tenant=actor.tenant, principal=actor.who, key=f"produce:{order.id}")
    _note(session, order, "petstory.order.retried", desk)


async def _mail(session: AsyncSession, order: Order, desk: Desk) -> None:
    if order.book_id is None:
        raise OrderState("The book of this order is not kept any more.")
    if await mails.under_way(session, order, "book"):
        raise OrderState("The mail with the book is on its way already.")
    await mails.ask(session, order, "book", actor=desk.actor)
    _note(session, order, "petstory.order.mail_asked", desk)


def _note(session: AsyncSession, order: Order, action: str, desk: Desk) -> None:
    desk.actor.audit.write(
        session,
        action,
        str(order.id),
        tenant=desk.actor.tenant,
        actor=desk.actor.who,
        details={"state": order.state},
    )
