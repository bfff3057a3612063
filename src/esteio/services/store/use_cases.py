"""What can be done to favourites: who calls, in which transaction, at what time is given; what comes back is the row.

`owner` is the user whose favourites the caller may touch; `None` touches those of everybody in the tenant.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from esteio.base.clock import Clock
from esteio.base.errors import InvalidCredentials, NotFound, PreconditionFailed
from esteio.base.ids import new_id
from esteio.base.principal import Principal
from esteio.events.events import EventType, tell
from esteio.services.store import events
from esteio.services.store.copies import take_in
from esteio.services.store.errors import FavoriteExists, no_such_product
from esteio.services.store.favorite_bodies import FavoriteView, NewFavorite
from esteio.services.store.favorites import COLUMNS, shaped
from esteio.services.store.models import Favorite, Product
from esteio.services.store.products import Product as ShopProduct


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller wants to like. `product` is what was fetched for it at `at`, where it was not stored yet."""

    data: NewFavorite
    product: ShopProduct | None = None
    at: datetime | None = None


async def add_favorite(
    *, caller: Principal, session: AsyncSession, clock: Clock, owner: UUID, wish: Wish
) -> FavoriteView:
    """A new favourite, or the one that was taken back, with these values. Tells `favorite.added`.

    Raises `FavoriteExists` with the present one, `NotFound` for a product that the shop does not have.
    """
    now, data = clock.now(), wish.data
    await _store(session, wish)
    await _demand_sold(session, data.product_id)
    row = {"tenant_id": caller.tenant, "user_id": owner, **data.model_dump()}
    times = {"created_at": now, "updated_at": now}
    query = insert(Favorite).values(id=new_id(), version=1, **row, **times)
    revived = {"review": data.review, "rating": data.rating, "deleted_at": None, "version": Favorite.version + 1}
    query = query.on_conflict_do_update(
        index_elements=[Favorite.tenant_id, Favorite.user_id, Favorite.product_id],
        set_=revived | times,
        where=Favorite.deleted_at.is_not(None),
    )
    try:
        favorite_id = await session.scalar(query.returning(Favorite.id))
    except IntegrityError as error:
        # The product is held, so it is the user that has gone since the credentials were looked at.
        raise InvalidCredentials from error
    if favorite_id is None:
        raise FavoriteExists(data=await _view(session, _pair(owner, data.product_id)))
    view = await _view(session, Favorite.id == favorite_id)
    _tell(session, caller, events.FAVORITE_ADDED, events.FavoriteFact(favorite=view), owner, now)
    return view


async def replace_favorite(
    *,
    caller: Principal,
    session: AsyncSession,
    clock: Clock,
    favorite_id: UUID,
    owner: UUID | None,
    expected: int | None,
    wish: Wish,
) -> FavoriteView:
    """Product, review and rating, all of them. Tells `favorite.changed`.

    One of the new product that was taken back goes for good. Raises `NotFound`, `PreconditionFailed` with the present
    favourite when its version is not `expected`, and `FavoriteExists` when its user has one of the new product.
    """
    now, data = clock.now(), wish.data
    await _store(session, wish)
    present = await _locked(session, favorite_id, owner, expected, data.product_id)
    if present.product_id != data.product_id:
        await _demand_sold(session, data.product_id)
        taken_back = and_(_pair(present.user_id, data.product_id), Favorite.deleted_at.is_not(None))
        await session.execute(delete(Favorite).where(taken_back))
    changes = {**data.model_dump(), "updated_at": now, "version": Favorite.version + 1}
    try:
        async with session.begin_nested():
            await session.execute(update(Favorite).where(Favorite.id == favorite_id).values(changes))
    except IntegrityError:
        # The only rule that can be broken here is one favourite for each user and product.
        raise FavoriteExists(data=await _view(session, _pair(present.user_id, data.product_id))) from None
    view = await _view(session, Favorite.id == favorite_id)
    _tell(session, caller, events.FAVORITE_CHANGED, events.FavoriteFact(favorite=view), view.user_id, now)
    return view


async def remove_favorite(
    *,
    caller: Principal,
    session: AsyncSession,
    clock: Clock,
    favorite_id: UUID,
    owner: UUID | None,
    expected: int | None,
) -> None:
    """Taken back: out of every list until the product is liked again. Tells `favorite.removed`.

    Raises `NotFound`, and `PreconditionFailed` with the present favourite when its version is not `expected`.
    """
    now = clock.now()
    present = await _locked(session, favorite_id, owner, expected)
    changes = {"deleted_at": now, "updated_at": now, "version": Favorite.version + 1}
    await session.execute(update(Favorite).where(Favorite.id == favorite_id).values(changes))
    fact = events.FavoriteRemovedFact(
        id=favorite_id, user_id=present.user_id, product_id=present.product_id, deleted_at=now
    )
    _tell(session, caller, events.FAVORITE_REMOVED, fact, present.user_id, now)


async def _store(session: AsyncSession, wish: Wish) -> None:
    """Keep what was fetched. It comes before anything is locked, so that nobody who does the same is blocked."""
    if wish.product is not None and wish.at is not None:
        await take_in(session, [wish.product], wish.at)


async def _demand_sold(session: AsyncSession, product_id: int) -> None:
    """Refuse what the shop no longer has, also if it vanished since the caller looked."""
    sold = select(Product.id).where(Product.id == product_id, Product.vanished_at.is_(None))
    if await session.scalar(sold.with_for_update(read=True, key_share=True)) is None:
        raise no_such_product()


async def _locked(
    session: AsyncSession, favorite_id: UUID, owner: UUID | None, expected: int | None, product_id: int | None = None
) -> FavoriteView:
    """The favourite, locked until the transaction ends, with the one of the product that its user may have.

    Both are locked at once in the order of their ids, so that two changes that cross each other do not block.
    """
    seen = [Favorite.id == favorite_id, Favorite.deleted_at.is_(None)]
    if owner is not None:
        seen.append(Favorite.user_id == owner)
    mine = aliased(Favorite)
    user = select(mine.user_id).where(mine.id == favorite_id).scalar_subquery()
    both = or_(Favorite.id == favorite_id, _pair(user, product_id)) if product_id else Favorite.id == favorite_id
    await session.execute(select(Favorite.id).where(both).order_by(Favorite.id).with_for_update())
    view = await _view(session, and_(*seen))
    if expected is not None and view.version != expected:
        raise PreconditionFailed(data=view)
    return view


def _pair(user: Any, product_id: int | None) -> ColumnElement[bool]:
    return and_(Favorite.user_id == user, Favorite.product_id == product_id)


async def _view(session: AsyncSession, which: ColumnElement[bool]) -> FavoriteView:
    query = select(*COLUMNS).join(Product, Product.id == Favorite.product_id)
    row = (await session.execute(query.where(which, Favorite.deleted_at.is_(None)))).mappings().one_or_none()
    if row is None:
        raise NotFound
    return FavoriteView.model_validate(shaped(row))


def _tell(
    session: AsyncSession, caller: Principal, kind: EventType, fact: BaseModel, user: UUID, now: datetime
) -> None:
    tell(session, kind, fact, subject=user, tenant=caller.tenant, principal=caller.id, at=now)
