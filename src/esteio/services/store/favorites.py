"""Reads of favourites: each a prepared statement of its shape, run as the caller's tenant in one round trip.

`owner` is the user whose favourites may be seen; `None` sees those of everybody in the tenant.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
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
)
from sqlalchemy.orm import aliased

from esteio.base.errors import NotFound
from esteio.db.database import Database
from esteio.db.lists import Lists, Order, by_moment
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


def shaped(found: Any) -> Row:
    """A row of `COLUMNS` as `FavoriteView` has it."""
    product = {name: found[f"product__{name}"] for name in LikedProductView.model_fields}
    return {name: product if name == "product" else found[name] for name in FavoriteView.model_fields}


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


@lru_cache
def _one(owned: bool) -> Reading:
    mine = _favorites(("owner",) if owned else ())
    return reading(mine.where(Favorite.id == bindparam("favorite_id", type_=Uuid())))


@lru_cache
def _standing() -> Reading:
    return reading(select(_VANISHED.label("vanished")).where(Product.id == bindparam("product_id", type_=Integer())))


FAVORITES = Lists(
    rows=_favorites,
    total=_count_of,
    identity=Favorite.id,
    orders={
        "created_at": by_moment(Favorite.created_at),
        "updated_at": by_moment(Favorite.updated_at),
        "rating": Order(Favorite.stars.expression, Integer(), lambda row: row["rating"] or 0, int),
    },
    values=filter_values,
    shown=shaped,
)
