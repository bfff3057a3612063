"""What callers send and receive."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from esteio.auth.schemas import Email
from esteio.base.schema import Body, Change, Day, Flag, Text, View
from esteio.services.petstory.states import State

Style = Literal["line", "watercolour", "cartoon"]
Language = Literal["pt-BR", "en", "es"]
ArtState = Literal["queued", "drawn", "refused", "failed"]
STYLES: tuple[Style, ...] = ("line", "watercolour", "cartoon")

Money = Annotated[Decimal, Field(description="In the order's currency, with two decimals", examples=["47.00"])]


def _each_once(styles: list[Style]) -> list[Style]:
    if len(set(styles)) != len(styles):
        raise ValueError("name each style once")
    return styles


PetName = Annotated[Text, Field(min_length=1, max_length=100, examples=["Rex"])]
Species = Annotated[Text, Field(min_length=1, max_length=50, examples=["dog"])]
Breed = Annotated[Text, Field(min_length=1, max_length=100, examples=["Vira-lata"])]
Words = Annotated[Text, Field(max_length=4000, description="What the customer tells of the pet")]
Styles = Annotated[list[Style], Field(min_length=1, max_length=3), AfterValidator(_each_once)]


class NewOrder(Body):
    """A book to begin with. Nothing is charged before it is checked out."""

    email: Email
    pet_name: PetName
    species: Species | None = None
    breed: Breed | None = None
    born: Day | None = None
    words: Words = ""
    language: Language = Field("pt-BR", description="Of the book, the pages and the mails")
    styles: Styles = Field(default=["line"], description="Each photo is drawn in each of them")
    tribute: Flag = Field(True, description="Whether the page behind the book's QR code is there")


class OrderChange(Change):
    """What shall change. Once the order was checked out only `tribute` may."""

    never_empty = frozenset({"email", "pet_name", "words", "language", "styles", "tribute"})

    email: Email | None = None
    pet_name: PetName | None = None
    species: Species | None = None
    breed: Breed | None = None
    born: Day | None = None
    words: Words | None = None
    language: Language | None = None
    styles: Styles | None = None
    tribute: Flag | None = None


class PhotoView(View):
    """A photo as it is kept: turned upright, without what the camera wrote into it."""

    id: UUID
    position: int
    width: int
    height: int
    size: int = Field(description="Bytes")
    source: str = Field(description="What the file was: jpeg, png, webp or heic")
    created_at: datetime


class ArtView(View):
    """A photo in a style, and where to look at it."""

    id: UUID
    photo_id: UUID
    style: Style
    state: ArtState
    reason: str | None
    preview: str | None = Field(description="Path of the watermarked picture, once it is drawn")
    picture: str | None = Field(description="Path of the whole picture, once the order is paid")


class ProgressView(View):
    """How many pictures of those that are being made are done."""

    done: int
    total: int


class CheckoutView(View):
    """Where to pay, and until when."""

    url: str
    amount: Money
    currency: str
    expires_at: datetime


class BookView(View):
    """The book: where to fetch it, and until when it is kept."""

    url: str
    bytes: int
    expires_at: datetime


class OrderView(View):
    """An order as its customer sees it."""

    id: UUID
    state: State
    reason: str | None = Field(description="Why it is in a state that is none of the good ones")
    email: str | None = Field(description="Where the book is mailed to; null once it is not kept any more")
    pet_name: str
    species: str | None
    breed: str | None
    born: date | None
    words: str
    language: Language
    styles: list[Style]
    price: Money
    currency: str
    photos: list[PhotoView]
    wanted: int = Field(description="Photos that are waited for in the place of such as could not be drawn")
    arts: list[ArtView] = Field(description="The pictures that were asked for so far")
    progress: ProgressView | None = Field(description="While pictures are being made")
    checkout: CheckoutView | None = Field(description="While it can be paid")
    book: BookView | None = Field(description="Once it is made, and as long as it is kept")
    tribute: bool
    tribute_url: str | None = Field(description="The page behind the book's QR code, for everybody")
    version: int = Field(description="Grows with every change; the ETag begins with it")
    created_at: datetime
    updated_at: datetime
    expires_at: datetime = Field(description="When it ends unless it is paid by then")
    paid_at: datetime | None
    delivered_at: datetime | None = Field(description="When the book was first downloaded whole")


class PhotoBounds(View):
    """What is taken as a photo."""

    most: int = Field(description="Photos of an order")
    bytes: int = Field(description="Bytes that a photo may have")
    pixels: int = Field(description="Pixels that a photo may have")
    side: int = Field(description="Pixels that its shorter side has at least")
    formats: list[str] = Field(description="Media types to offer for choosing")


class OfferView(View):
    """What can be ordered, and on which terms."""

    price: Money
    currency: str
    payable: bool = Field(description="Whether orders can be paid here")
    mailed: bool = Field(description="Whether books are sent by mail; each can be fetched by its link anyway")
    styles: list[Style]
    styles_most: int = Field(description="Styles that one order may have")
    languages: list[Language]
    photos: PhotoBounds
    photos_days: int = Field(description="Days after which an unpaid order ends, and its photos go")
    books_days: int = Field(description="Days for which a book is kept")
    tribute_days: int = Field(description="Days for which the page behind its QR code stays")


class NewOrderView(OrderView):
    """`link` is the secret by which the order is reached; `url` is the order's address with it."""

    link: str
    url: str
