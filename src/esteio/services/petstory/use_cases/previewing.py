"""Previews: what the first photo looks like in the chosen styles."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.services.petstory import drawings, orders, photos
from esteio.services.petstory.addresses import Addresses
from esteio.services.petstory.errors import OrderState
from esteio.services.petstory.links import Link
from esteio.services.petstory.models import Art, Order
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.queries import order_now
from esteio.services.petstory.schemas import OrderView
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.views import order_view


async def ask_for_preview(
    *, session: AsyncSession, link: Link, actor: Actor, section: PetstorySettings, addresses: Addresses
) -> OrderView:
    """The preview is queued; where every picture of it is drawn already, it is ready at once.

    Raises `OrderState`, also where the first photo is one that cannot be drawn.
    """
    order = await orders.reached(session, link)
    await _check_drawable(session, order)
    order = await orders.move(session, order, "preview_queued", actor=actor)
    if not await drawings.ask(session, order, stage="preview", actor=actor, section=section):
        await orders.move(session, order, "preview_ready", actor=actor)
    return order_view(await order_now(session, order.id), addresses, actor.now)


async def _check_drawable(session: AsyncSession, order: Order) -> None:
    """What was refused once is refused again: another photo is needed."""
    first = next(iter(await photos.of_order(session, order.id)), None)
    if first is None:
        if order.state == "draft":
            raise OrderState("The order has no photos yet: send one first.")
        return
    refused = select(Art.id).where(Art.photo_id == first.id, Art.style.in_(order.styles), Art.state == "refused")
    if await session.scalar(refused.limit(1)) is not None:
        raise OrderState("The first photo cannot be drawn: remove it, and send another.")
