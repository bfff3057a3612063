"""What a caller may ask of the products, and what every answer with products has."""

from decimal import Decimal
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from esteio.base.schema import Text
from esteio.http.answers import Origin
from esteio.http.house import house_of
from esteio.http.pagination import Paging, SortOrder
from esteio.http.rules import Cached
from esteio.services.store.catalogue import Catalogue, Shown
from esteio.services.store.products import DEAREST, LARGEST_ID
from esteio.services.store.selection import Selection, SortBy

FRESH = Cached(seconds=5, tags=("product",), per="tenant")
PATH = "/fakestoreapi"
_SELECTING = ("category", "price_min", "price_max", "text", "sort_by", "sort_order")

STALE_WORDS = "The products may be out of date: they are being fetched anew."
FALLBACK_WORDS = "The shop cannot be reached: this is how the products were when it last could."


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("write it in digits")
    return value


ProductId = Annotated[
    int, BeforeValidator(_digits), Path(ge=1, le=LARGEST_ID, description="The product's number in the shop")
]
Price = Annotated[Decimal, Field(ge=0, le=DEAREST)]


class Selecting(BaseModel):
    """Filters and order. Filters hold together (and)."""

    category: Annotated[Text, Field(min_length=1, max_length=100)] | None = Field(
        None, description="Exactly this: electronics, jewelery, men's clothing, women's clothing or another"
    )
    price_min: Price | None = Field(None, description="This or more")
    price_max: Price | None = Field(None, description="This or less")
    text: Annotated[Text, Field(min_length=1, max_length=100)] | None = Field(
        None, description="Title or description contains this, whatever its case"
    )
    sort_by: SortBy | None = Field(None, description="id unless said")
    sort_order: SortOrder | None = Field(None, description="asc unless said")

    def selection(self) -> Selection:
        return Selection(
            category=self.category,
            price_min=self.price_min,
            price_max=self.price_max,
            text=self.text,
            sort_by=self.sort_by or "id",
            descending=self.sort_order == "desc",
        )

    def said(self) -> dict[str, Any]:
        """Filters and order as far as they were said, as addresses and cursors carry them."""
        chosen = self.model_dump(mode="json", include=set(_SELECTING))
        return {name: value for name, value in chosen.items() if value is not None}


class ProductsSkipped(Selecting):
    """As v1 pages; what it does not know it ignores."""

    model_config = ConfigDict(extra="ignore")

    skip: int = Field(0, ge=0, le=1_000_000, description="Products to leave out at the beginning")
    limit: int = Field(100, ge=1, le=100, description="Products to answer at most")


class ProductsPaged(Selecting, Paging):
    """As v2 pages."""

    model_config = ConfigDict(extra="forbid")


Skipped = Annotated[ProductsSkipped, Query()]
Paged = Annotated[ProductsPaged, Query()]


def catalogue_of(request: Request) -> Catalogue:
    """The catalogue of the process."""
    found: Catalogue = house_of(request).parts["store"]
    return found


def provenance(request: Request, shown: Shown[Any]) -> dict[str, Any]:
    """How an answer says where it comes from, and for how long this process may repeat it."""
    keep = max(0.0, shown.until - house_of(request).clock.timestamp())
    return {"origin": Origin(shown.state, shown.at), "keep": keep}


def warnings_of(shown: Shown[Any]) -> tuple[str, ...]:
    """What the envelope warns of."""
    words = {"STALE": STALE_WORDS, "FALLBACK": FALLBACK_WORDS}
    return (words[shown.state],) if shown.state in words else ()


def tag_of(data: bytes, *variant: Any) -> str:
    """A strong tag of what is shown: products have no versions, but each has one way to be written."""
    return f'"{blake2b(data + repr(variant).encode(), digest_size=9).hexdigest()}"'
