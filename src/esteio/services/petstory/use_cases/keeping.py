"""Nothing of an order is kept longer than it is needed; money and its ledger stay.

Each step takes a portion of the orders that are due, and leaves each of them so that it is due no more. What another
transaction holds is passed over: it is due the next time.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.files.records import revoke
from esteio.services.petstory import customers, orders, photos, terms
from esteio.services.petstory.models import Customer, Mail, Order
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.states import BOOKED

PORTION = 20
"""Orders in a transaction: short locks, and a run that is cut off has done what it did."""

LATE = "not paid in time"
_NAMELESS: dict[str, Any] = {"pet_name": "", "species": None, "breed": None, "born": None, "story": None}


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who keeps, and for how long."""

    actor: Actor
    section: PetstorySettings


Remove = Callable[[AsyncSession, Order, Keeper], Awaitable[int]]
"""Does what is due to an order, which is held; how many files went."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is due, and what is done about it."""

    due: Callable[..., terms.Due]
    remove: Remove


async def take_portion(session: AsyncSession, step: Step, keeper: Keeper) -> tuple[int, int]:
    """How many orders there were, at most `PORTION`, and how many files went."""
    due = select(Order).where(step.due(keeper.actor.now, keeper.section)).order_by(Order.created_at, Order.id)
    found = await session.scalars(due.limit(PORTION).with_for_update(skip_locked=True, of=Order))
    rows, files = list(found), 0
    for order in rows:
        files += await step.remove(session, order, keeper)
    return len(rows), files


async def expire(session: AsyncSession, order: Order, keeper: Keeper) -> int:
    """Its photos and pictures go with it. Tells `order.expired`."""
    now = keeper.actor.now
    files = await photos.purge(session, order.id)
    ended = {"ended_at": now, "photos_purged_at": now}
    await orders.move(session, order, "expired", actor=keeper.actor, reason=LATE, **ended)
    return files


async def drop_photos(session: AsyncSession, order: Order, keeper: Keeper) -> int:
    """All but the pictures that the tribute page shows."""
    if order.state in BOOKED:
        files = await photos.purge_but(session, order.id, await photos.on_tribute(session, order.id))
    else:
        files = await photos.purge(session, order.id)
    await orders.change(session, order, actor=keeper.actor, photos_purged_at=keeper.actor.now)
    return files


async def drop_previews(session: AsyncSession, order: Order, keeper: Keeper) -> int:
    return await photos.drop_previews(session, order.id)


async def drop_book(session: AsyncSession, order: Order, keeper: Keeper) -> int:
    assert order.book_id is not None, "only orders with a book are due"
    await revoke(session, [order.book_id])
    await orders.change(session, order, actor=keeper.actor, book_id=None)
    return 1


async def drop_tribute(session: AsyncSession, order: Order, keeper: Keeper) -> int:
    """The page is over, and with it the last pictures; the pet's name too where the customer is forgotten."""
    files = await photos.purge(session, order.id)
    nameless = _NAMELESS if order.forgotten_at is not None else {"story": None}
    await orders.change(session, order, actor=keeper.actor, tribute=False, **nameless)
    return files


async def forget(session: AsyncSession, order: Order, keeper: Keeper) -> int:
    """What the customer told goes, and the customer with the last order; the pet's name while no page shows it."""
    now = keeper.actor.now
    await session.execute(update(Mail).where(Mail.order_id == order.id).values(answer=None))
    nameless = {} if terms.shows_tribute(order, now, keeper.section) else _NAMELESS
    await orders.change(session, order, actor=keeper.actor, words="", forgotten_at=now, **nameless)
    customer = await customers.held_again(session, order.customer_id)
    living = select(Order.id).where(Order.customer_id == customer.id, Order.forgotten_at.is_(None))
    if await session.scalar(living.limit(1)) is None:
        customer.email = customer.email_key = None
        customer.uploads = []
        await session.flush()
    return 0


async def drop_strangers(session: AsyncSession, keeper: Keeper) -> int:
    """Addresses that no order has any more, since it was given another: how many of a portion went.

    They are left for an hour, in which they count what was sent for them.
    """
    ordered = select(Order.id).where(Order.customer_id == Customer.id).exists()
    idle = select(Customer.id).where(Customer.created_at <= keeper.actor.now - customers.HOUR, ~ordered)
    ids = list(await session.scalars(idle.order_by(Customer.id).limit(PORTION).with_for_update(skip_locked=True)))
    # Seen once more now that nobody else can give them an order.
    gone = delete(Customer).where(Customer.id.in_(ids), ~ordered).execution_options(synchronize_session=False)
    await session.execute(gone)
    return len(ids)


STEPS = (
    Step(terms.unpaid, expire),
    Step(terms.photos, drop_photos),
    Step(terms.previews, drop_previews),
    Step(terms.books, drop_book),
    Step(terms.tributes, drop_tribute),
    Step(terms.names, forget),
)
