"""A product in the store's own form, and how that is made of what the shop writes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import orjson

MOST = 5000
"""Products that the store takes of a shop."""

LARGEST_ID = 2_147_483_647
DEAREST = Decimal("9999999999.99")
LONGEST = {"title": 500, "description": 10_000, "category": 100, "image": 2000}
_CENT = Decimal("0.01")
_NUMBER = re.compile(r"\d{1,20}(\.\d{1,20})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Malformed(ValueError):
    """What the shop wrote is no product, or no list of products; the words say why."""


@dataclass(frozen=True, slots=True)
class Product:
    """`price` has exactly two decimal places. `rate` and `count` are both there or both `None`.

    `json` is the product as every answer, cache and copy writes it.
    """

    id: int
    title: str
    price: Decimal
    description: str
    category: str
    image: str
    rate: Decimal | None = None
    count: int | None = None
    json: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "json", orjson.dumps(self._members()))

    def _members(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "price": orjson.Fragment(f"{self.price:.2f}".encode()),
            "description": self.description,
            "category": self.category,
            "image": self.image,
            "rating": None if self.rate is None else {"rate": float(self.rate), "count": self.count},
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """A shop's whole list: what could be read of it, and the ids of `others` that could not.

    `others` is `None` where not even all ids could be read: then nobody knows which products the list lacks.
    """

    products: tuple[Product, ...]
    others: tuple[int, ...] | None = ()


def product_of(raw: Any) -> Product:
    """The product that a JSON object describes. Raises `Malformed`.

    Blanks around texts and control characters in them are dropped; prices are numbers or texts of digits, rounded
    half up to the cent. A rating that makes no sense counts as none.
    """
    if not isinstance(raw, dict):
        raise Malformed("it is no object")
    rate, count = _rating(raw.get("rating"))
    return Product(
        id=_id(raw),
        title=_text(raw, "title"),
        price=_price(raw.get("price")),
        description=_text(raw, "description", needed=False),
        category=_text(raw, "category"),
        image=_text(raw, "image", needed=False),
        rate=rate,
        count=count,
    )


def listed_of(raw: Any) -> Listed:
    """The list that JSON describes; of products with one id the first counts. Raises `Malformed`.

    Products that cannot be read are left out, unless none of them can.
    """
    if not isinstance(raw, list) or len(raw) > MOST:
        raise Malformed("it is no list" if not isinstance(raw, list) else f"it has more than {MOST} products")
    products: dict[int, Product] = {}
    unread: list[Any] = []
    for entry in raw:
        try:
            product = product_of(entry)
            products.setdefault(product.id, product)
        except Malformed:
            unread.append(entry)
    if unread and not products:
        raise Malformed("none of its products can be read")
    return Listed(tuple(products.values()), _ids(unread))


def dumped(listed: Listed) -> bytes:
    """The list as the cache holds it."""
    others = orjson.dumps(listed.others)
    return b'{"others":' + others + b',"products":' + array_of(listed.products) + b"}"


def loaded(kept: bytes) -> Listed:
    """The list that `dumped` wrote."""
    found = orjson.loads(kept)
    others = found["others"]
    return Listed(tuple(map(product_of, found["products"])), None if others is None else tuple(others))


def array_of(products: Iterable[Product]) -> bytes:
    """The products as a JSON array."""
    return b"[" + b",".join(product.json for product in products) + b"]"


def _id(raw: dict[str, Any]) -> int:
    found = raw.get("id")
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= LARGEST_ID:
        raise Malformed("its id is no positive integer")
    return found


def _ids(entries: Sequence[Any]) -> tuple[int, ...] | None:
    try:
        return tuple(sorted({_id(entry) if isinstance(entry, dict) else _id({}) for entry in entries}))
    except Malformed:
        return None


def _text(raw: dict[str, Any], name: str, *, needed: bool = True) -> str:
    found = raw.get(name)
    if found is None and not needed:
        return ""
    if not isinstance(found, str):
        raise Malformed(f"its {name} is no text")
    text = _CONTROL.sub("", found).strip()
    if (needed and not text) or len(text) > LONGEST[name]:
        raise Malformed(f"its {name} is empty or too long")
    return text


def _price(raw: Any) -> Decimal:
    found = _decimal(raw)
    if found is None or not 0 <= found <= DEAREST:
        raise Malformed("its price is none")
    return found


def _rating(raw: Any) -> tuple[Decimal | None, int | None]:
    if not isinstance(raw, dict):
        return None, None
    rate, count = _decimal(raw.get("rate")), raw.get("count")
    if rate is None or not 0 <= rate < 100:
        return None, None
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= LARGEST_ID:
        return None, None
    return rate, count


def _decimal(raw: Any) -> Decimal | None:
    """The number to the cent, or `None` where it is none, or too large to have cents."""
    if isinstance(raw, str):
        raw = raw.strip()
        if not _NUMBER.fullmatch(raw):
            return None
    elif not isinstance(raw, int | float | Decimal) or isinstance(raw, bool):
        return None
    found = Decimal(str(raw))
    if not found.is_finite() or abs(found) > DEAREST:
        return None
    # Minus zero is a zero.
    return found.quantize(_CENT, ROUND_HALF_UP) + 0
