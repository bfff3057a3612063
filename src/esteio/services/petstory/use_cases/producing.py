"""From paid to produced: the story, the missing pictures, the book."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.files.records import FileRef, keep, revoke
from esteio.files.store import Written
from esteio.jobs.enqueue import enqueue
from esteio.services.petstory import drawings, mails, orders
from esteio.services.petstory.models import Art, Order, Photo
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.payments import refunds
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.states import PHOTO_REFUSED, PHOTOS_GONE, PICTURE_LOST
from esteio.services.petstory.tasks import MAKE_BOOK, OrderRef

TOO_LATE = "The book could not be made: the photos were gone when the payment came."


async def begin(session: AsyncSession, order_id: UUID, *, actor: Actor, section: PetstorySettings) -> Order | None:
    """A paid order is being made from now on, and one that could not be made once more; `None` for any other.

    One whose photos are gone cannot be made: the money goes back, unless its customer is about to send others. One
    whose money is going back is not made any more.
    """
    order = await orders.locked(session, order_id)
    if order.state == "producing":
        return order
    if order.state not in ("paid", "production_failed") or await refunds.given_up(session, order):
        return None
    if await session.scalar(select(Photo.id).where(Photo.order_id == order.id).limit(1)) is None:
        if order.wanted:
            return None
        if order.state == "paid":
            order = await orders.move(session, order, "production_failed", actor=actor, reason=PHOTOS_GONE)
        if section.refund_failed:
            await refunds.ask(session, order, amount=None, reason=TOO_LATE, actor=actor)
        return None
    return await orders.move(session, order, "producing", actor=actor)


async def photos(session: AsyncSession, order: Order) -> int:
    """How many there are."""
    return await session.scalar(select(func.count()).select_from(Photo).where(Photo.order_id == order.id)) or 0


async def told(
    session: AsyncSession, order_id: UUID, story: dict[str, Any] | None, *, actor: Actor, section: PetstorySettings
) -> None:
    """The order has its story; what pictures it lacks are drawn, and where it lacks none the book is made."""
    order = await orders.locked(session, order_id)
    if order.state != "producing":
        return
    if story is not None:
        order = await orders.change(session, order, actor=actor, story=story)
    await drawings.ask(session, order, stage="production", actor=actor, section=section)
    how = await drawings.standing(session, order, "production")
    if how.open:
        return
    if how.refused:
        # Asking again changes nothing before the photo is another.
        await orders.move(session, order, "production_failed", actor=actor, reason=PHOTO_REFUSED)
        return
    ref = OrderRef(order=order.id)
    await enqueue(session, MAKE_BOOK, ref, tenant=actor.tenant, principal=actor.who, key=str(order.id))


async def drawn_pictures(session: AsyncSession, order_id: UUID) -> tuple[Order, list[Art], list[Photo]] | None:
    """What the book is made of, by photo and style; `None` where no book is to be made of the order now.

    While a picture is missing none is: the last that is drawn has it made.
    """
    order = await orders.locked(session, order_id)
    if order.state != "producing":
        return None
    photos = list(await session.scalars(select(Photo).where(Photo.order_id == order.id).order_by(Photo.position)))
    arts = await session.scalars(select(Art).where(Art.order_id == order.id, Art.state == "drawn"))
    places = {photo.id: photo.position for photo in photos}
    wanted = [art for art in arts if art.style in order.styles and art.photo_id in places]
    wanted.sort(key=lambda art: (places[art.photo_id], order.styles.index(art.style)))
    return (order, wanted, photos) if len(wanted) == len(photos) * len(order.styles) else None


async def produced(session: AsyncSession, order_id: UUID, file: FileRef, written: Written, *, actor: Actor) -> bool:
    """The book is there, and its mail is on the way. Whether it was still wanted."""
    order = await orders.locked(session, order_id)
    if order.state != "producing":
        return False
    keep(session, file, written, tenant=actor.tenant, principal=actor.who, now=actor.now)
    order = await orders.move(
        session, order, "produced", actor=actor, book_id=file.file_id, produced_at=actor.now, wanted=0
    )
    await mails.ask(session, order, "book", actor=actor)
    return True


async def lost(session: AsyncSession, order_id: UUID, arts: Sequence[UUID], *, actor: Actor) -> None:
    """Pictures whose objects are not there any more: when the order is tried again they are drawn anew."""
    order = await orders.locked(session, order_id)
    if order.state != "producing":
        return
    for art in await session.scalars(select(Art).where(Art.id.in_(arts), Art.state == "drawn")):
        await revoke(session, [file for file in (art.file_id, art.preview_file_id) if file is not None])
        art.state, art.reason, art.file_id, art.preview_file_id = "failed", PICTURE_LOST, None, None
    await orders.move(session, order, "production_failed", actor=actor, reason=PICTURE_LOST)


async def failed(session: AsyncSession, order_id: UUID, reason: str, *, actor: Actor) -> None:
    """The book could not be made, for now: an operator may have it tried again."""
    order = await orders.locked(session, order_id)
    if order.state in ("paid", "producing"):
        await orders.move(session, order, "production_failed", actor=actor, reason=reason)
