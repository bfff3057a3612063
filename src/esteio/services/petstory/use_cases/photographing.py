"""Photos that customers send and take back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import NotFound
from esteio.files.pictures import TakenPicture
from esteio.jobs.enqueue import enqueue
from esteio.services.petstory import customers, orders, photos
from esteio.services.petstory.addresses import Addresses
from esteio.services.petstory.errors import OrderState, TooManyPhotos
from esteio.services.petstory.links import Link
from esteio.services.petstory.models import Art, Order, Photo
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.queries import order_now
from esteio.services.petstory.schemas import OrderView
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.states import OPEN
from esteio.services.petstory.tasks import PRODUCE, OrderRef, produce_job
from esteio.services.petstory.views import order_view

_PREVIEWED = frozenset({"preview_ready", "preview_failed"})


@dataclass(frozen=True, slots=True)
class Received:
    """The order with its photos, and the pictures that it had already: their objects are nobody's."""

    view: OrderView
    spare: Sequence[TakenPicture]


async def add_photos(
    *,
    session: AsyncSession,
    link: Link,
    actor: Actor,
    section: PetstorySettings,
    addresses: Addresses,
    pictures: Sequence[TakenPicture],
) -> Received:
    """All of the pictures, or none. After a preview the order goes back to its photos.

    Where a book could not be made the last photo that was wanted has it tried again. Raises `OrderState`,
    `TooManyPhotos`, and `UploadsExhausted` where the customer has sent as many within the hour as one may.
    """
    order = await orders.reached(session, link)
    present = await photos.of_order(session, order.id)
    room = photos.room(order.state, len(present), order.wanted, section.photos)
    fresh = photos.unlike(present, pictures)
    if len(fresh) > room:
        raise TooManyPhotos(f"The order takes {room} more photos.")
    if fresh:
        customer = await customers.held_again(session, order.customer_id)
        customers.note_uploads(customer, len(fresh), section.uploads_email, actor.now)
        place, days = present[-1].position if present else 0, section.longest_days
        for position, picture in enumerate(fresh, place + 1):
            photos.add(session, (order.tenant_id, order.id), picture, position, now=actor.now, days=days)
        await _go_on(session, order, len(fresh), actor)
    view = order_view(await order_now(session, order.id), addresses, actor.now)
    return Received(view, [picture for picture in pictures if picture not in fresh])


async def remove_photo(*, session: AsyncSession, link: Link, actor: Actor, photo_id: UUID) -> None:
    """The photo, what was drawn from it, and their files. Without any photo the order is a draft again.

    Where a book could not be made only a photo may go that could not be drawn; another is wanted then. Raises
    `NotFound` and `OrderState`.
    """
    order = await orders.reached(session, link)
    present = await photos.of_order(session, order.id)
    photo = next((one for one in present if one.id == photo_id), None)
    if photo is None:
        raise NotFound
    await _check_removable(session, order, photo)
    await photos.remove(session, [photo])
    if order.state == "production_failed":
        await orders.change(session, order, actor=actor, wanted=order.wanted + 1)
    elif len(present) == 1:
        await orders.move(session, order, "draft", actor=actor)
    else:
        await _reopened(session, order, actor)


async def _go_on(session: AsyncSession, order: Order, sent: int, actor: Actor) -> None:
    if order.state == "draft":
        await orders.move(session, order, "photos_uploaded", actor=actor)
    elif order.state == "production_failed":
        order = await orders.change(session, order, actor=actor, wanted=order.wanted - sent)
        if order.wanted == 0:
            ref = OrderRef(order=order.id)
            await enqueue(session, PRODUCE, ref, tenant=actor.tenant, principal=actor.who, key=produce_job(order.id))
    else:
        await _reopened(session, order, actor)


async def _reopened(session: AsyncSession, order: Order, actor: Actor) -> None:
    """Its photos have changed: a preview that there was is none of them any more."""
    if order.state in _PREVIEWED:
        await orders.move(session, order, "photos_uploaded", actor=actor)
    else:
        await orders.change(session, order, actor=actor)


async def _check_removable(session: AsyncSession, order: Order, photo: Photo) -> None:
    if order.state in OPEN:
        return
    if order.state != "production_failed":
        raise OrderState(f"The photos of an order that is {order.state} stay.")
    refused = select(Art.id).where(Art.photo_id == photo.id, Art.state == "refused").limit(1)
    if await session.scalar(refused) is None:
        raise OrderState("Only a photo that could not be drawn may be removed from a paid order.")
