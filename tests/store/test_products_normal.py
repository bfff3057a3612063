"""What is made of the shop's JSON."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

from esteio.services.store.products import (
    LARGEST_ID,
    MOST,
    Listed,
    Malformed,
    array_of,
    dumped,
    listed_of,
    loaded,
    product_of,
)


def raw(**members: Any) -> dict[str, Any]:
    whole = {
        "id": 1,
        "title": "Belt",
        "price": 35,
        "description": "Leather",
        "category": "men's clothing",
        "image": "https://images.example.org/1.png",
        "rating": {"rate": 3.9, "count": 120},
    }
    return {**whole, **members}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"695", b"695.00"),
        (b"22.3", b"22.30"),
        (b"109.95", b"109.95"),
        (b"0.1", b"0.10"),
        (b"0", b"0.00"),
        (b"-0.0", b"0.00"),
        (b"7.005", b"7.01"),
        (b"0.30000000000000004", b"0.30"),
        (b"9999999999.99", b"9999999999.99"),
        (b'"19.9"', b"19.90"),
        (b'" 8 "', b"8.00"),
    ],
)
def test_price_is_exact_to_the_cent(written: bytes, shown: bytes) -> None:
    """Whole numbers, fractions and texts of digits become the same number with two decimal places, half a cent up."""
    product = product_of(orjson.loads(b'{"id":1,"title":"a","category":"b","price":' + written + b"}"))
    assert b'"price":' + shown + b"," in product.json
    assert product.price == Decimal(shown.decode())


@pytest.mark.parametrize(
    "price",
    [None, True, -1, -0.01, 1e10, 10_000_000_000, float("nan"), float("inf"), "NaN", "1e3", "1_000", "-1", "", "١", []],
)
def test_other_prices_are_none(price: Any) -> None:
    """A price that is negative, infinite, too large or no number makes the product malformed."""
    with pytest.raises(Malformed):
        product_of(raw(price=price))


@pytest.mark.parametrize("number", [None, 0, -1, "1", 1.0, True, LARGEST_ID + 1])
def test_ids_are_positive_integers(number: Any) -> None:
    """An id of any other kind makes the product malformed."""
    with pytest.raises(Malformed):
        product_of(raw(id=number))


def test_texts_are_cleaned_and_bounded() -> None:
    """Blanks around texts and characters that cannot be stored are dropped; what is too long or missing is refused."""
    product = product_of(raw(title=" Plain\x00 shirt ", description="a\nb\x1f", image=None))
    assert (product.title, product.description, product.image) == ("Plain shirt", "a\nb", "")
    for members in ({"title": " "}, {"title": "x" * 501}, {"category": None}, {"category": 5}, {"image": "x" * 2001}):
        with pytest.raises(Malformed):
            product_of(raw(**members))


@pytest.mark.parametrize(
    "rating",
    [
        None,
        "good",
        [],
        {},
        {"rate": 3.9},
        {"rate": "x", "count": 1},
        {"rate": -1, "count": 1},
        {"rate": 3, "count": -1},
    ],
)
def test_a_rating_is_optional(rating: Any) -> None:
    """A product without a sound rating has none, and is a product all the same."""
    assert b'"rating":null' in product_of(raw(rating=rating)).json


def test_members_stand_in_the_documented_order() -> None:
    """A product is written as id, title, price, description, category, image, rating."""
    assert product_of(raw()).json == (
        b'{"id":1,"title":"Belt","price":35.00,"description":"Leather","category":"men\'s clothing",'
        b'"image":"https://images.example.org/1.png","rating":{"rate":3.9,"count":120}}'
    )


def test_a_malformed_product_is_left_out() -> None:
    """The list is answered without it, its id is known to be there, and of two with one id the first counts."""
    listed = listed_of([raw(), raw(id=2, price="free"), raw(title="Again"), raw(id=3)])
    assert [(one.id, one.title) for one in listed.products] == [(1, "Belt"), (3, "Belt")]
    assert listed.others == (2,)
    assert listed_of([raw(), {"name": "nothing"}]).others is None
    assert listed_of([raw(), "nothing"]).others is None


@pytest.mark.parametrize("found", [None, {}, "text", 5, [5], [raw(price="free")], [raw(id=None), None]])
def test_what_is_no_list_of_products_is_refused(found: Any) -> None:
    """JSON of another shape, and a list of which no entry is a product, are no list."""
    with pytest.raises(Malformed):
        listed_of(found)


def test_a_list_has_a_bound() -> None:
    """One more product than the store takes is no list; an empty one is."""
    with pytest.raises(Malformed):
        listed_of([raw(id=number) for number in range(1, MOST + 2)])
    assert listed_of([]) == Listed(())


@pytest.mark.parametrize("others", [(), (7, 9), None])
def test_a_kept_list_is_the_list(others: tuple[int, ...] | None) -> None:
    """What the cache gives back is what was put into it, to the byte."""
    listed = Listed((product_of(raw()), product_of(raw(id=2, price=0.1, rating=None))), others)
    again = loaded(dumped(listed))
    assert again == listed
    assert array_of(again.products) == array_of(listed.products)
