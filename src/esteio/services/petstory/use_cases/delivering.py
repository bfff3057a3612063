"""The book in its customer's hands."""

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.services.petstory import orders
from esteio.services.petstory.links import Link
from esteio.services.petstory.orders import Actor

_ON_THE_WAY = ("produced", "emailed", "email_failed")


async def deliver(session: AsyncSession, link: Link, *, actor: Actor) -> bool:
    """The order is `delivered` where it is not yet; whether it has become so now. Raises `NotFound`."""
    order = await orders.reached(session, link)
    if order.state not in _ON_THE_WAY:
        return False
    await orders.move(session, order, "delivered", actor=actor, delivered_at=actor.now)
    return True
