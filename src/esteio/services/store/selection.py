"""Which of the products are shown, and in which order: the same wherever they come from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from esteio.base.errors import InvalidCursor
from esteio.base.page import Place
from esteio.services.store.products import Product

SortBy = Literal["id", "price", "title", "rating"]
Key = tuple[Any, int]

_UNRATED = Decimal(-1)
_TELLING = 64
"""Characters of a title by which it is sorted: a place must fit into a cursor."""

_VALUES: Mapping[SortBy, Callable[[Product], Any]] = {
    "id": lambda product: product.id,
    "price": lambda product: product.price,
    "title": lambda product: product.title.casefold()[:_TELLING],
    "rating": lambda product: _UNRATED if product.rate is None else product.rate,
}
_READ: Mapping[SortBy, Callable[[str], Any]] = {"id": int, "price": Decimal, "title": str, "rating": Decimal}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Filters hold together (and). `text` is looked for in title and description, whatever its case.

    Equal values follow the id; a product without a rating counts as rated below all others.
    """

    category: str | None = None
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    text: str | None = None
    sort_by: SortBy = "id"
    descending: bool = False

    def of(self, products: Sequence[Product]) -> list[Product]:
        """The products that are meant, in order."""
        text = self.text.casefold() if self.text is not None else None
        found = [product for product in products if self._means(product, text)]
        return sorted(found, key=self._key, reverse=self.descending)

    def from_place(self, rows: Sequence[Product], place: Place | None, limit: int) -> tuple[Sequence[Product], bool]:
        """At most `limit` of the ordered rows from the place on, and whether there are more that way."""
        if place is None:
            return rows[:limit], len(rows) > limit
        there = self._read(place)
        upward = (place.direction == "next") != self.descending
        beyond = [row for row in rows if (self._key(row) > there if upward else self._key(row) < there)]
        if place.direction == "next":
            return beyond[:limit], len(beyond) > limit
        return beyond[-limit:], len(beyond) > limit

    def place_of(self, product: Product, direction: Literal["next", "prev"], query: Mapping[str, Any]) -> Place:
        """The place of a product in the order, for the cursor of the page behind or before it."""
        value, product_id = self._key(product)
        return Place((str(value), product_id), direction, query)

    def _means(self, product: Product, text: str | None) -> bool:
        return (
            (self.category is None or product.category == self.category)
            and (self.price_min is None or product.price >= self.price_min)
            and (self.price_max is None or product.price <= self.price_max)
            and (text is None or text in product.title.casefold() or text in product.description.casefold())
        )

    def _key(self, product: Product) -> Key:
        return _VALUES[self.sort_by](product), product.id

    def _read(self, place: Place) -> Key:
        try:
            value, product_id = place.values
            return _READ[self.sort_by](value), int(product_id)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise InvalidCursor from error
