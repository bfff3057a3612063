"""Products as they are sent."""

from pydantic import Field

from esteio.base.schema import View


class RatingView(View):
    rate: float = Field(ge=0, le=100, examples=[3.9])
    count: int = Field(ge=0, examples=[120])


class ProductView(View):
    """A product of the shop outside."""

    id: int = Field(ge=1, examples=[1])
    title: str = Field(examples=["Canvas backpack"])
    price: float = Field(ge=0, description="Exact to the cent", examples=[109.95])
    description: str
    category: str = Field(examples=["men's clothing"])
    image: str = Field(description="Address of a picture; may be empty")
    rating: RatingView | None
