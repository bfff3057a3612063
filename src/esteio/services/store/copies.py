"""Writes to PostgreSQL's copy of the products: nothing older replaces what was fetched later."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.db.transaction import touch
from esteio.services.store.models import Product as Row
from esteio.services.store.products import Product

TAG = "product"
"""What kept answers that show products are made from."""


async def take_in(session: AsyncSession, products: Sequence[Product], seen_at: datetime) -> None:
    """Keep the products as they were fetched then, where nothing newer is known of them."""
    if not products:
        return
    statement = insert(Row).values([_values(product, seen_at) for product in sorted(products, key=lambda one: one.id)])
    changes = {name: getattr(statement.excluded, name) for name in _values(products[0], seen_at) if name != "id"}
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Row.id],
            set_=changes | {"vanished_at": None},
            where=func.greatest(Row.seen_at, Row.vanished_at) < statement.excluded.seen_at,
        )
    )
    touch(session, TAG)


async def mark_list(session: AsyncSession, listed: Sequence[int], others: Sequence[int] | None, at: datetime) -> bool:
    """Note that the shop's whole list was these products then, and `others`; the rest has vanished unless it was seen
    later.

    Where `others` is `None` nothing is said of the rest. False when some of the listed are not in the copy yet.
    """
    found: CursorResult[Any] = await session.execute(  # type: ignore[assignment]
        update(Row).where(Row.id.in_(listed)).values(listed_at=func.greatest(Row.listed_at, at))
    )
    if others is not None:
        await _mark_vanished(session, Row.id.not_in([*listed, *others]), at)
    touch(session, TAG)
    return found.rowcount == len(listed)


async def mark_vanished(session: AsyncSession, products: Sequence[int], at: datetime) -> None:
    """Note that the shop had none of these then, unless they were seen later."""
    await _mark_vanished(session, Row.id.in_(products), at)
    touch(session, TAG)


async def _mark_vanished(session: AsyncSession, which: Any, at: datetime) -> None:
    unseen = update(Row).where(which, Row.vanished_at.is_(None), Row.seen_at < at)
    await session.execute(unseen.values(vanished_at=at).execution_options(synchronize_session=False))


def _values(product: Product, seen_at: datetime) -> dict[str, Any]:
    return {
        "id": product.id,
        "title": product.title,
        "price": product.price,
        "description": product.description,
        "category": product.category,
        "image": product.image,
        "rating_rate": product.rate,
        "rating_count": product.count,
        "seen_at": seen_at,
    }
