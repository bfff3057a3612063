"""Customers: found by their e-mail address, and held to what one address may send within an hour."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.ids import new_id
from esteio.services.petstory.errors import UploadsExhausted
from esteio.services.petstory.models import Customer, Order

HOUR = timedelta(hours=1)
_TURNS = 3
"""Whoever is waited for may have been forgotten meanwhile."""


def email_key(email: str) -> str:
    """What an address is recognised by, however it is written."""
    return email.strip().lower()


async def held(session: AsyncSession, email: str, *, tenant: UUID, now: datetime) -> Customer:
    """The customer with this address, made where there is none, held until the transaction ends."""
    key = email_key(email)
    for _ in range(_TURNS):
        values = {"id": new_id(), "tenant_id": tenant, "email": email, "email_key": key, "created_at": now}
        await session.execute(insert(Customer).values(**values, uploads=[]).on_conflict_do_nothing())
        found = await session.scalar(_locked().where(Customer.email_key == key))
        if found is not None:
            return found
    raise RuntimeError("a customer was forgotten faster than found")


async def held_again(session: AsyncSession, customer_id: UUID) -> Customer:
    """The customer of an order, held until the transaction ends."""
    return (await session.scalars(_locked().where(Customer.id == customer_id))).one()


async def begun_lately(session: AsyncSession, customer: Customer, most: int, now: datetime) -> None:
    """Raises `UploadsExhausted` where the last hour has so many orders of the customer, who is held."""
    lately = select(Order.created_at).where(Order.customer_id == customer.id, Order.created_at > now - HOUR)
    times = list(await session.scalars(lately.order_by(Order.created_at.desc()).limit(most)))
    if len(times) >= most:
        raise exhausted(times[-1], now)


def note_uploads(customer: Customer, number: int, most: int, now: datetime) -> None:
    """Count so many photos to the customer, who is held. Raises `UploadsExhausted` where the hour has no room."""
    times = _of_the_hour(customer.uploads, now)
    wait = room_at(times, number, most, now)
    if wait is not None:
        raise exhausted(wait, now)
    customer.uploads = [*times, *[now] * number]


def room_at(times: Sequence[datetime], number: int, most: int, now: datetime) -> datetime | None:
    """`None` where so many more find room within the hour; else the one that has to be an hour old first."""
    lately = _of_the_hour(times, now)
    over = len(lately) + number - most
    if over <= 0:
        return None
    return sorted(lately)[min(over, len(lately)) - 1] if lately else now


def exhausted(since: datetime, now: datetime) -> UploadsExhausted:
    """The refusal, until this time is an hour ago."""
    seconds = max(1, math.ceil((since + HOUR - now).total_seconds()))
    return UploadsExhausted(headers={"Retry-After": str(seconds)})


def _of_the_hour(times: Sequence[datetime], now: datetime) -> list[datetime]:
    return [time for time in times if time > now - HOUR]


def _locked() -> Select[Customer]:
    return select(Customer).with_for_update().execution_options(populate_existing=True)
