"""Payments that nobody told us of: which orders are asked after, and how often."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, extract, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.services.petstory.models import Checkout, Order, Payment, Refund
from esteio.services.petstory.payments.standing import UNDER_WAY
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.states import AWAITING

WAITING = (*sorted(AWAITING), "expired")
"""States of orders whose payment may have come without our being told."""

SHORTEST, LONGEST = timedelta(minutes=4), timedelta(hours=6)
PART = 6
"""A checkout is asked after whenever it is a sixth older than the last time."""

STUCK = timedelta(hours=1)
"""A refund that is asked for so long has perhaps lost its job."""


class Due(NamedTuple):
    """A checkout whose order is to be asked after."""

    checkout: UUID
    order: UUID
    created_at: datetime


def pause(age: timedelta) -> timedelta:
    """How long nobody asks again: minutes at first, hours later."""
    return min(max(age / PART, SHORTEST), LONGEST)


def next_look(created_at: datetime, now: datetime, section: PetstorySettings) -> datetime | None:
    """When a checkout is asked after next; `None` once it is too old."""
    after = now + pause(now - created_at)
    return after if after <= created_at + timedelta(days=section.reconcile_days) else None


async def due(session: AsyncSession, now: datetime, most: int) -> list[Due]:
    """Those that are due, the longest waiting first; what needs no asking any more is forgotten."""
    waiting = select(Order.id).where(Order.id == Checkout.order_id, Order.state.in_(WAITING)).correlate(Checkout)
    settled = update(Checkout).where(Checkout.look_at <= now, ~waiting.exists())
    await session.execute(settled.values(look_at=None))
    query = select(Checkout.id, Checkout.order_id, Checkout.created_at).where(Checkout.look_at <= now)
    rows = await session.execute(query.order_by(Checkout.look_at, Checkout.id).limit(most))
    return [Due(*row) for row in rows]


async def looked(session: AsyncSession, one: Due, now: datetime, section: PetstorySettings) -> None:
    """Note that it was asked after."""
    when = next_look(one.created_at, now, section)
    await session.execute(update(Checkout).where(Checkout.id == one.checkout).values(look_at=when))


async def put_off(session: AsyncSession, one: Due, now: datetime) -> None:
    """Let it wait behind all others that are due: it could not be asked after."""
    await session.execute(update(Checkout).where(Checkout.id == one.checkout).values(look_at=now))


async def unread(session: AsyncSession, found: Sequence[tuple[str, str]]) -> list[str]:
    """Of the payments that a search found (number and status) those that we do not know so."""
    query = select(Payment.number, Payment.status).where(Payment.number.in_([number for number, _ in found]))
    known = {tuple(row) for row in await session.execute(query)}
    return [number for number, status in found if (number, status) not in known]


async def pending(session: AsyncSession, now: datetime, section: PetstorySettings, most: int) -> list[str]:
    """Numbers of payments under way that were not read for a while, the longest ago first.

    They are taken for read now: those that nobody shows us any more do not keep the others waiting.
    """
    since = now - timedelta(days=section.reconcile_days)
    due = select(Payment.id, Payment.number).where(
        Payment.status.in_(UNDER_WAY),
        or_(Payment.first_seen_at > since, Payment.changed_at > since),
        or_(Payment.seen_at <= now - LONGEST, and_(Payment.seen_at <= now - SHORTEST, _is_older_by_a_part(now))),
    )
    due = due.order_by(Payment.seen_at, Payment.id).limit(most).with_for_update(skip_locked=True)
    rows = (await session.execute(due)).all()
    taken = update(Payment).where(Payment.id.in_([row.id for row in rows])).values(seen_at=now)
    await session.execute(taken.execution_options(synchronize_session=False))
    return [row.number for row in rows]


def _is_older_by_a_part(now: datetime) -> ColumnElement[bool]:
    """`pause` between its bounds, as the database reckons it."""
    age, unseen = (extract("epoch", literal(now) - moment) for moment in (Payment.first_seen_at, Payment.seen_at))
    return age <= PART * unseen


async def stuck(session: AsyncSession, now: datetime, most: int) -> list[UUID]:
    """Refunds that are asked for and still not done."""
    query = select(Refund.id).where(Refund.state == "asked", Refund.created_at < now - STUCK)
    return list(await session.scalars(query.order_by(Refund.created_at).limit(most)))
