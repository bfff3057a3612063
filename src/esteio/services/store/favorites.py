"""Reads of favourites: each a prepared statement of its shape, run as the caller's tenant in one round trip.

`owner` is the user whose favourites may be seen; `None` sees those of everybody in the tenant.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Float,
    Integer,
    Select,
    String,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from esteio.base.errors import InvalidCursor, NotFound
from esteio.base.page import NumberedPage, Place
from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.services.store.favorite_bodies import FavoriteView, LikedProductView
from esteio.services.store.models import Favorite, Product

Row = dict[str, Any]
SortBy = Literal["created_at", "updated_at", "rating"]
SortOrder = Literal["asc", "desc"]
Standing = Literal["sold", "vanished", "unknown"]

SHORTEST_INDEXED = 3
"""Characters from which on an index helps to find a text."""

_OF_PRODUCT = ("id", "title", "category", "image")
_PRICE, _VANISHED = cast(Product.price, Float), Product.vanished_at.is_not(None)
_OWN = [getattr(Favorite, name) for name in FavoriteView.model_fields if name != "product"]
COLUMNS = [
    *_OWN,
    *(getattr(Product, name).label(f"product__{name}") for name in _OF_PRODUCT),
    _PRICE.label("product__price"),
    _VANISHED.label("product__vanished"),
]
"""What `shaped` makes a favourite of; the product is joined."""

_ORDERS: dict[str, ColumnElement[Any]] = {
    "created_at": Favorite.created_at,  # type: ignore[dict-item]
    "updated_at": Favorite.updated_at,  # type: ignore[dict-item]
    "rating": Favorite.stars,  # type: ignore[dict-item]
}


def shaped(found: Any) -> Row:
    """A row of `COLUMNS` as `FavoriteView` has it."""
    favorite = {column.key: found[column.key] for column in _OWN}
    favorite["product"] = {name: found[f"product__{name}"] for name in LikedProductView.model_fields}
    return favorite


async def one_favorite(database: Database, tenant: UUID, favorite_id: UUID, *, owner: UUID | None) -> Row:
    """The favourite, unless it was taken back or may not be seen. Raises `NotFound`."""
    shape = _one(owner is not None)
    rows = await database.read(tenant, shape, *shape.arguments({"favorite_id": favorite_id, "owner": owner}))
    if not rows:
        raise NotFound
    return shaped(rows[0])


async def standing(database: Database, product_id: int) -> Standing:
    """Whether the product is stored as one that the shop sells, as one that vanished, or not at all."""
    rows = await database.read(None, _standing(), product_id)
    if not rows:
        return "unknown"
    return "vanished" if rows[0]["vanished"] else "sold"


async def first_favorites(
    database: Database,
    tenant: UUID,
    *,
    filters: Mapping[str, Any],
    sort_by: SortBy,
    sort_order: SortOrder,
    skip: int,
    limit: int,
) -> list[Row]:
    """Favourites in order, as v1 pages them."""
    values = filter_values(filters)
    shape = _skipping(tuple(values), sort_by, sort_order)
    found = await database.read(tenant, shape, *shape.arguments(values | {"skipped": skip, "rows": limit}))
    return [shaped(row) for row in found]


async def numbered_favorites(
    database: Database,
    tenant: UUID,
    *,
    filters: Mapping[str, Any],
    sort_by: SortBy,
    sort_order: SortOrder,
    page: int,
    per_page: int,
) -> NumberedPage[Row]:
    """One page by number, with the total. Its cost grows with the total and with the page's number."""
    values = filter_values(filters)
    names = tuple(values)
    shape = _numbered(names, sort_by, sort_order)
    place = {"rows": per_page, "skipped": (page - 1) * per_page}
    found = await database.read(tenant, shape, *shape.arguments(values | place))
    if found or page == 1:
        total = found[0]["total"] if found else 0
    else:
        count = _count(names)
        total = (await database.read(tenant, count, *count.arguments(values)))[0]["total"]
    return NumberedPage([shaped(row) for row in found], total, page, per_page)


async def favorites_from(
    database: Database,
    tenant: UUID,
    *,
    filters: Mapping[str, Any],
    sort_by: SortBy,
    sort_order: SortOrder,
    place: Place | None,
    limit: int,
) -> tuple[list[Row], bool]:
    """At most `limit` favourites from a place on, and whether there are more that way. Its cost does not grow."""
    values = filter_values(filters)
    shape = _after(tuple(values), sort_by, sort_order, place.direction if place else None)
    if place is not None:
        values |= _place_values(place, sort_by)
    found = await database.read(tenant, shape, *shape.arguments(values | {"rows": limit + 1}))
    rows = [shaped(row) for row in found[:limit]]
    if place is not None and place.direction == "prev":
        rows.reverse()
    return rows, len(found) > limit


def place_of(row: Row, sort_by: SortBy, direction: Literal["next", "prev"], query: Mapping[str, Any]) -> Place:
    """The place of a row in the order, for the cursor of the page behind or before it."""
    value = row[sort_by]
    written = (value or 0) if sort_by == "rating" else value.isoformat()
    return Place((written, str(row["id"])), direction, query)


def filter_values(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters that were named, as the queries compare with them."""
    values = {name: value for name, value in filters.items() if value is not None}
    if "text" in values:
        values = _text_values(values.pop("text")) | values
    return values


def _text_values(wanted: str) -> dict[str, Any]:
    """A text that is looked for literally, and by its trigrams where it is long enough to have any."""
    literal = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = {"pattern": f"%{literal}%"}
    return pattern | {"needle": wanted} if len(wanted) >= SHORTEST_INDEXED else pattern


def _place_values(place: Place, sort_by: SortBy) -> dict[str, Any]:
    try:
        value, favorite_id = place.values
        return {
            "value": int(value) if sort_by == "rating" else datetime.fromisoformat(value),
            "favorite_id": UUID(favorite_id),
        }
    except (ValueError, TypeError) as error:
        raise InvalidCursor from error


def _conditions(names: Sequence[str]) -> list[ColumnElement[bool]]:
    plain: dict[str, ColumnElement[bool]] = {
        "owner": Favorite.user_id == bindparam("owner", type_=Uuid()),
        "category": Product.category == bindparam("category", type_=String()),
        "rating_min": Favorite.rating >= bindparam("rating_min", type_=Integer()),
    }
    found = [Favorite.deleted_at.is_(None), *(plain[name] for name in names if name in plain)]
    return [*found, _says("needle" in names)] if "pattern" in names else found


def _says(indexed: bool) -> ColumnElement[bool]:
    """Review, title or description hold the text. The products are found first, all at once, through their index."""
    pattern, named = bindparam("pattern", type_=Text()), aliased(Product)
    products = select(named.id).where(
        or_(named.title.ilike(pattern, escape="\\"), named.description.ilike(pattern, escape="\\"))
    )
    if indexed:
        trigrams = func.store_trigrams(bindparam("needle", type_=Text()), type_=ARRAY(Text))
        products = products.where(named.trigrams.bool_op("@>")(trigrams))
    described = Favorite.product_id == any_(func.array(products.scalar_subquery(), type_=ARRAY(Integer)))
    return or_(Favorite.review.ilike(pattern, escape="\\"), described)


def _favorites(names: Sequence[str]) -> Select[*tuple[Any, ...]]:
    joined = select(*COLUMNS).join(Product, Product.id == Favorite.product_id)
    return joined.where(*_conditions(names))


def _count_of(names: Sequence[str]) -> Select[int]:
    counted = select(func.count().label("total")).select_from(Favorite)
    if "category" in names:
        counted = counted.join(Product, Product.id == Favorite.product_id)
    return counted.where(*_conditions(names))


def _order(sort_by: SortBy, ascending: bool) -> Sequence[ColumnElement[Any]]:
    columns: tuple[ColumnElement[Any], ...] = (_ORDERS[sort_by], Favorite.id)  # type: ignore[assignment]
    return [column.asc() if ascending else column.desc() for column in columns]


def _bounded(query: Select[*tuple[Any, ...]], sort_by: SortBy, sort_order: SortOrder) -> Select[*tuple[Any, ...]]:
    rows, skipped = bindparam("rows", type_=Integer()), bindparam("skipped", type_=Integer())
    return query.order_by(*_order(sort_by, sort_order == "asc")).limit(rows).offset(skipped)


@lru_cache
def _one(owned: bool) -> Reading:
    mine = _favorites(("owner",) if owned else ())
    return reading(mine.where(Favorite.id == bindparam("favorite_id", type_=Uuid())))


@lru_cache
def _standing() -> Reading:
    return reading(select(_VANISHED.label("vanished")).where(Product.id == bindparam("product_id", type_=Integer())))


@lru_cache
def _count(names: tuple[str, ...]) -> Reading:
    return reading(_count_of(names))


@lru_cache(maxsize=512)
def _skipping(names: tuple[str, ...], sort_by: SortBy, sort_order: SortOrder) -> Reading:
    return reading(_bounded(_favorites(names), sort_by, sort_order))


@lru_cache(maxsize=512)
def _numbered(names: tuple[str, ...], sort_by: SortBy, sort_order: SortOrder) -> Reading:
    total = _count_of(names).scalar_subquery().label("total")
    return reading(_bounded(_favorites(names).add_columns(total), sort_by, sort_order))


@lru_cache(maxsize=512)
def _after(names: tuple[str, ...], sort_by: SortBy, sort_order: SortOrder, direction: str | None) -> Reading:
    """The rows behind a place in the order; going back turns the order round, and the caller turns the rows."""
    ascending = (sort_order == "asc") != (direction == "prev")
    query = _favorites(names).order_by(*_order(sort_by, ascending))
    if direction is not None:
        here = tuple_(_ORDERS[sort_by], Favorite.id)
        kind: Any = Integer() if sort_by == "rating" else DateTime(timezone=True)
        there = tuple_(bindparam("value", type_=kind), bindparam("favorite_id", type_=Uuid()))
        query = query.where(here > there if ascending else here < there)
    return reading(query.limit(bindparam("rows", type_=Integer())))
