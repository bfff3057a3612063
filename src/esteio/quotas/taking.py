"""Taking of a quota and giving back, inside the transaction that makes or removes what is counted.

What is taken is one row of the tenant, which is held until the transaction ends: whoever takes of the same quota for
the same tenant meanwhile waits. So take last, when everything that costs time is done; and take several with
`take_all`, which always goes in the same order. A transaction that rolls back has taken nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.quotas import statements
from esteio.quotas.errors import refusal
from esteio.quotas.metrics import refusals
from esteio.quotas.notes import note
from esteio.quotas.quota import LARGEST, Quota
from esteio.quotas.standing import Standing, standing_of

KEPT_DAYS = 400
"""How long what was used in a period that is over can still be read."""


async def take(session: AsyncSession, quota: Quota, amount: int = 1, *, tenant: UUID, now: datetime) -> Standing:
    """Take so many units, all or none, and hold the tenant's row of the quota until the transaction ends.

    `session` runs as the tenant. The amount in force is what has been committed when this begins, so a changed plan
    holds at once. In a request the answer tells the standing in its field `Quota`. Nothing is refused that asks for 0.
    Raises `QuotaExceeded` (403), for a quota of a period `QuotaSpent` (429), and `ValueError` for a negative amount.
    """
    if _none(amount):
        return await look(session, quota, tenant=tenant, now=now)
    values = _values(quota, tenant, now, min(amount, LARGEST + 1))
    row = (await session.execute(statements.TAKE, values)).one()
    if row.used is None:
        used = await session.scalar(statements.USED, values)
        standing = standing_of(quota, row.amount, used or 0, now)
        refusals().labels(quota.name).inc()
        raise refusal(quota, standing, amount)
    if quota.every is not None and row.used == amount:
        await session.execute(statements.FORGET, values | {"kept_days": KEPT_DAYS})
    return note(session, standing_of(quota, row.amount, row.used, now))


async def take_all(
    session: AsyncSession, amounts: Mapping[Quota, int], *, tenant: UUID, now: datetime
) -> dict[str, Standing]:
    """Take of several quotas, in the order of their names, so that no two transactions wait for one another.

    The first that does not allow it refuses, and with the transaction everything is undone. Standings by name.
    """
    return {
        quota.name: await take(session, quota, amounts[quota], tenant=tenant, now=now) for quota in _ordered(amounts)
    }


async def give_back(
    session: AsyncSession,
    quota: Quota,
    amount: int = 1,
    *,
    tenant: UUID,
    now: datetime,
    taken_at: datetime | None = None,
) -> Standing:
    """Give back so many units; never to below nothing. The row is held as by `take`.

    `taken_at` is when they were taken, where that may be another period: what was used in one that is over stays used.
    """
    if _none(amount) or (taken_at is not None and quota.period(taken_at) != quota.period(now)):
        return await look(session, quota, tenant=tenant, now=now)
    await session.execute(statements.GIVE_BACK, _values(quota, tenant, now, min(amount, LARGEST)))
    return await look(session, quota, tenant=tenant, now=now)


async def give_back_all(
    session: AsyncSession, amounts: Mapping[Quota, int], *, tenant: UUID, now: datetime
) -> dict[str, Standing]:
    """Give back to several quotas, in the order in which `take_all` takes. Standings by name."""
    return {
        quota.name: await give_back(session, quota, amounts[quota], tenant=tenant, now=now)
        for quota in _ordered(amounts)
    }


async def look(session: AsyncSession, quota: Quota, *, tenant: UUID, now: datetime) -> Standing:
    """How the tenant stands, as this transaction sees it; the answer tells it as after taking. Nothing is held."""
    row = (await session.execute(statements.LOOK, _values(quota, tenant, now, 0))).one()
    return note(session, standing_of(quota, row.amount, row.used, now))


async def hold(session: AsyncSession, quota: Quota, *, tenant: UUID, now: datetime) -> Standing:
    """Let nobody take or give back until the transaction ends: before counting anew what there is.

    Everything that was taken by then is committed and can be counted; what is made afterwards is taken afterwards.
    """
    await session.execute(statements.HOLD, _values(quota, tenant, now, 0))
    return await look(session, quota, tenant=tenant, now=now)


async def set_used(session: AsyncSession, quota: Quota, used: int, *, tenant: UUID, now: datetime) -> Standing:
    """Put down what a count has found, be it more than is allowed. `hold` first, then count, then this.

    Raises `ValueError` for less than nothing or more than can be counted.
    """
    if not 0 <= used <= LARGEST:
        raise ValueError(f"what is used is between 0 and {LARGEST}")
    await session.execute(statements.SET, _values(quota, tenant, now, used))
    return await look(session, quota, tenant=tenant, now=now)


def _none(amount: int) -> bool:
    if amount < 0:
        raise ValueError("an amount is not negative: what is no longer there is given back")
    return amount == 0


def _ordered(amounts: Mapping[Quota, int]) -> list[Quota]:
    return sorted(amounts, key=lambda quota: quota.name)


def _values(quota: Quota, tenant: UUID, now: datetime, amount: int) -> dict[str, Any]:
    return {
        "of_tenant": tenant,
        "of_quota": quota.name,
        "in_period": quota.period(now),
        "declared_amount": quota.amount,
        "so_much": amount,
    }
