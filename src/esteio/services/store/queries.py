"""Reads of PostgreSQL's copy of the products, which are the same for every tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, literal_column, select

from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.services.store.models import Product as Row
from esteio.services.store.products import MOST, Product

_COLUMNS = (Row.id, Row.title, Row.price, Row.description, Row.category, Row.image, Row.rating_rate, Row.rating_count)


@dataclass(frozen=True, slots=True)
class Seen:
    """A product of the copy: when it was fetched, and whether the shop had none of its id afterwards."""

    product: Product
    at: datetime
    vanished: bool


async def listed_products(database: Database) -> tuple[Sequence[Product], datetime] | None:
    """The products of the shop's list in the order of their ids, and when that was last fetched whole.

    `None` where it never was: single products that were fetched are no list. Raises `Unavailable`.
    """
    rows = await database.read(None, _listed(), MOST)
    if not rows:
        return None
    return [_product(row) for row in rows], max(row["listed_at"] for row in rows)


async def seen_product(database: Database, product_id: int) -> Seen | None:
    """The product of the copy, also one that has vanished. Raises `Unavailable`."""
    rows = await database.read(None, _one(), product_id)
    if not rows:
        return None
    row = rows[0]
    return Seen(_product(row), row["seen_at"], row["vanished_at"] is not None)


async def has_products(database: Database) -> bool:
    """Whether the copy has any product that has not vanished. Raises `Unavailable`."""
    return bool(await database.read(None, _any(), 1))


def _product(row: Any) -> Product:
    return Product(
        id=row["id"],
        title=row["title"],
        price=row["price"],
        description=row["description"],
        category=row["category"],
        image=row["image"],
        rate=row["rating_rate"],
        count=row["rating_count"],
    )


@lru_cache
def _listed() -> Reading:
    found = select(*_COLUMNS, Row.listed_at).where(Row.vanished_at.is_(None), Row.listed_at.is_not(None))
    return reading(found.order_by(Row.id).limit(bindparam("rows", type_=Integer())))


@lru_cache
def _one() -> Reading:
    found = select(*_COLUMNS, Row.seen_at, Row.vanished_at)
    return reading(found.where(Row.id == bindparam("product_id", type_=Integer())))


@lru_cache
def _any() -> Reading:
    found: Select[Any] = select(literal_column("1")).select_from(Row).where(Row.vanished_at.is_(None))
    return reading(found.limit(bindparam("rows", type_=Integer())))
