"""Filters, order and places, against lists written out by hand."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from esteio.base.crypto import Keyring
from esteio.base.errors import InvalidCursor
from esteio.base.page import Place
from esteio.base.principal import DEFAULT_TENANT
from esteio.http.cursors import Cursors
from esteio.services.store.products import Product
from esteio.services.store.selection import Selection, SortBy


def product(number: int, title: str, price: str, category: str = "electronics", rate: str | None = None) -> Product:
    rated = (Decimal(rate), 5) if rate else (None, None)
    return Product(number, title, Decimal(price), f"About {title.upper()}", category, "", *rated)


SHELF = [
    product(1, "Lamp", "20.00", rate="4.5"),
    product(2, "belt", "5.10", "men's clothing"),
    product(3, "Årm band", "5.10", "jewelery", rate="4.5"),
    product(4, "Monitor", "799.00", rate="2.0"),
    product(5, "LAMP shade", "0.00"),
]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"category": "electronics"}, [1, 4, 5]),
        ({"category": "men's clothing"}, [2]),
        ({"category": "Electronics"}, []),
        ({"category": "women's clothing"}, []),
        ({"price_min": Decimal("5.10")}, [1, 2, 3, 4]),
        ({"price_min": Decimal("5.11"), "price_max": Decimal(20)}, [1]),
        ({"price_max": Decimal("5.1")}, [2, 3, 5]),
        ({"text": "lamp"}, [1, 5]),
        ({"text": "ABOUT BELT"}, [2]),
        ({"text": "årm"}, [3]),
        ({"text": "lamp", "price_max": Decimal(1)}, [5]),
        ({"descending": True}, [5, 4, 3, 2, 1]),
        ({"sort_by": "price"}, [5, 2, 3, 1, 4]),
        ({"sort_by": "price", "descending": True}, [4, 1, 3, 2, 5]),
        ({"sort_by": "title"}, [2, 1, 5, 4, 3]),
        ({"sort_by": "rating"}, [2, 5, 4, 1, 3]),
        ({"sort_by": "rating", "descending": True}, [3, 1, 4, 5, 2]),
    ],
)
def test_filters_and_order(wanted: dict[str, Any], ids: list[int]) -> None:
    """Filters hold together, text is found whatever its case, equal values follow the id, unrated counts as lowest."""
    assert [one.id for one in Selection(**wanted).of(SHELF)] == ids


@given(
    sort_by=some.sampled_from(["id", "price", "title", "rating"]), descending=some.booleans(), limit=some.integers(1, 6)
)
def test_cursors_visit_each_product_once(sort_by: SortBy, descending: bool, limit: int) -> None:
    """Going on place by place shows every product once and in order, and going back shows them in the same order."""
    selection = Selection(sort_by=sort_by, descending=descending)
    rows = selection.of(SHELF)
    forward: list[Product] = []
    place: Place | None = None
    more = True
    while more:
        page, more = selection.from_place(rows, place, limit)
        forward += page
        place = selection.place_of(page[-1], "next", {})
    assert forward == rows
    backward: list[Product] = [rows[-1]]
    more = True
    while more:
        page, more = selection.from_place(rows, selection.place_of(backward[0], "prev", {}), limit)
        backward = [*page, *backward]
    assert backward == rows


@pytest.mark.parametrize("letter", ["a", "é", "商", "\U00020000"])
def test_the_place_of_the_longest_title_fits_into_a_cursor(letter: str) -> None:
    """A page that ends with the longest title there may be, in any script, leads on to the next."""
    rows = [product(number, letter * 500, "1.00") for number in (1, 2, 3)]
    selection, cursors = Selection(sort_by="title"), Cursors(Keyring("k" * 43))
    cursor = cursors.write(selection.place_of(rows[0], "next", {"sort_by": "title"}), "products", DEFAULT_TENANT)
    place = cursors.read(cursor, "products", DEFAULT_TENANT, {})
    assert selection.from_place(rows, place, 1) == (rows[1:2], True)


def test_a_place_of_another_order_is_refused() -> None:
    """A cursor whose values are none of the order's is an invalid cursor, not a failure."""
    for place in (Place(("x", 1)), Place(("1",)), Place((None, 1))):
        with pytest.raises(InvalidCursor):
            Selection(sort_by="price").from_place(SHELF, place, 2)
