"""What the store does later: the kind of the job, what it is ordered with."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import BaseModel

from esteio.jobs.kinds import JobKind, Retry
from esteio.services.store.products import Listed, Product

PORTION = 98_304
"""Bytes of products in one order: a job's order is kept whole with it."""


class WholeList(BaseModel):
    """Which products made the shop's list, and which others of it could not be read (`None`: nobody knows)."""

    listed: list[int]
    others: list[int] | None


class Fetched(BaseModel):
    """What was fetched at an instant: products in the store's own form, ids that the shop had nothing of."""

    at: datetime
    products: list[dict[str, Any]] = []
    missing: list[int] = []
    whole: WholeList | None = None


PERSIST: JobKind[Fetched] = JobKind(
    name="store.persist", payload=Fetched, retry=Retry(tries=8, first=1.0, longest=120.0), time_limit=60.0
)


def orders_of_list(listed: Listed, at: float) -> list[Fetched]:
    """The orders that keep a list which was fetched at an instant of the epoch; the last says that it is whole."""
    orders = [Fetched(at=_moment(at), products=portion) for portion in _portions(listed.products)]
    others = None if listed.others is None else list(listed.others)
    orders = orders or [Fetched(at=_moment(at))]
    orders[-1].whole = WholeList(listed=[product.id for product in listed.products], others=others)
    return orders


def order_of_product(product: Product, at: float) -> Fetched:
    """The order that keeps one product."""
    return Fetched(at=_moment(at), products=[orjson.loads(product.json)])


def order_of_missing(product_id: int, at: float) -> Fetched:
    """The order that notes that the shop has no product of the id."""
    return Fetched(at=_moment(at), missing=[product_id])


def _portions(products: Sequence[Product]) -> Iterator[list[dict[str, Any]]]:
    portion: list[dict[str, Any]] = []
    size = 0
    for product in products:
        if portion and size + len(product.json) > PORTION:
            yield portion
            portion, size = [], 0
        portion.append(orjson.loads(product.json))
        size += len(product.json)
    if portion:
        yield portion


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
