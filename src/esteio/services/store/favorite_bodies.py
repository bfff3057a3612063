"""What callers send and receive of favourites."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from esteio.base.schema import Body, Text, View, Whole

ProductId = Annotated[
    Whole, Field(ge=1, le=2_147_483_647, description="The number of the product in the shop", examples=[3])
]
Rating = Annotated[Whole, Field(ge=1, le=5, description="From 1 to 5", examples=[5])]
Review = Annotated[Text, Field(min_length=1, max_length=2000, examples=["Warm enough for winter."])]


class NewFavorite(Body):
    """A product to like, or the whole of a favourite to put in its place."""

    product_id: ProductId
    review: Review | None = None
    rating: Rating | None = None


class LikedProductView(View):
    """The product as it was last seen in the shop. One that vanished there is shown as it was."""

    id: int
    title: str
    price: float
    category: str
    image: str
    vanished: bool = Field(description="Whether the shop no longer has it")


class FavoriteView(View):
    """`created_at` is when the product was liked: for one that was taken back and liked again, the last time."""

    id: UUID
    user_id: UUID
    product_id: int
    review: str | None
    rating: int | None
    product: LikedProductView
    created_at: datetime
    updated_at: datetime
    version: int = Field(ge=1)
