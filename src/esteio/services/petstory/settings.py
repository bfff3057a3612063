"""What operators may set, under `ESTEIO_PETSTORY__…`."""

from decimal import Decimal
from math import ceil
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from esteio.base.schema import CommaList
from esteio.upstream.party import PartyUrl


class PetstorySettings(BaseModel):
    """Times are in seconds unless said otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    price: Decimal = Field(
        default=Decimal("47.00"), gt=0, le=100_000, decimal_places=2, description="what a book costs, in `currency`"
    )
    currency: str = Field(default="BRL", pattern=r"^[A-Z]{3}$", description="ISO 4217")
    photos: int = Field(default=10, ge=1, le=10, description="photos of an order")
    photo_bytes: int = Field(default=10 * 1_048_576, ge=65_536, le=33_554_432, description="bytes of a photo")
    photo_pixels: int = Field(default=40_000_000, ge=10_000, le=100_000_000, description="pixels of a photo")
    photo_side: int = Field(default=300, ge=1, le=4096, description="pixels that a photo's shorter side has at least")
    styles: int = Field(default=3, ge=1, le=3, description="styles of an order; each photo is drawn in each")
    uploads_email: int = Field(
        default=60, ge=1, le=10_000, description="photos that are taken for one e-mail address within an hour"
    )
    orders_email: int = Field(
        default=10, ge=1, le=10_000, description="orders that are begun for one e-mail address within an hour"
    )
    art: Literal["auto", "local", "gemini"] = Field(
        default="auto", description="who draws; auto: gemini where its key is set, else this machine"
    )
    art_budget: Decimal = Field(
        default=Decimal("2.00"), gt=0, le=1000, description="US dollars that the pictures of one order may cost"
    )
    preview_budget: Decimal = Field(
        default=Decimal("0.40"), gt=0, le=1000, description="US dollars of it that may be spent before anybody has paid"
    )
    unpaid_bytes: int = Field(
        default=20 * 1_073_741_824,
        ge=1_048_576,
        description="bytes of photos that are kept for orders nobody has paid yet",
    )
    art_tries: int = Field(default=3, ge=1, le=10, description="tries of one picture")
    gemini_api_key: SecretStr = Field(default=SecretStr(""), description="key of the Gemini API; empty: not used")
    gemini_url: PartyUrl = Field(
        default="https://generativelanguage.googleapis.com", description="where the Gemini API is"
    )
    gemini_model: str = Field(
        default="gemini-nano-banana-2.1", pattern=r"^[A-Za-z0-9._/-]{1,100}$", description="model that draws"
    )
    gemini_fallbacks: CommaList = Field(
        default=("gemini-3-pro-image",), description="models asked in turn where one was withdrawn"
    )
    gemini_text_model: str = Field(
        default="gemini-3.1-flash", pattern=r"^[A-Za-z0-9._/-]{1,100}$", description="model that writes stories"
    )
    gemini_timeout: float = Field(default=90.0, gt=0, le=240, description="for one picture, or one story")
    gemini_price: Decimal = Field(
        default=Decimal("0.04"), ge=0, le=100, description="US dollars that one picture costs, for the budget"
    )
    mercadopago_url: PartyUrl = Field(
        default="https://api.mercadopago.com", description="where Mercado Pago is; `esteio up` has a stand-in"
    )
    mercadopago_access_token: SecretStr = Field(
        default=SecretStr(""), description="of the application; empty: nothing can be paid"
    )
    mercadopago_public_key: str = Field(default="", max_length=200, description="of the application, for its scripts")
    mercadopago_webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="signs its notifications; several, separated by commas, while one is rotated"
    )
    mercadopago_live: bool = Field(
        default=False, description="real money: init_point, and payments of test credentials are not believed"
    )
    mercadopago_timeout: float = Field(default=8.0, gt=0, le=60, description="for all tries of a call together")
    checkout_wait: float = Field(
        default=1.8, gt=0, le=30, description="until a customer who begins to pay is asked to come again (503)"
    )
    webhook_window: float = Field(
        default=0.0, ge=0, le=31 * 86_400, description="how old a notification's signature may be; 0: any age"
    )
    checkout_hours: float = Field(default=24.0, ge=0.5, le=120, description="how long a checkout can be paid, in hours")
    reconcile_days: int = Field(
        default=10, ge=1, le=90, description="how long unpaid checkouts are asked after, in days"
    )
    refund_failed: bool = Field(default=True, description="give the money back by itself where a book cannot be made")
    refund_after_hours: float = Field(
        default=72.0, ge=1, le=8760, description="hours after which a book that could not be made is given up"
    )
    photos_days: int = Field(
        default=7,
        ge=1,
        le=365,
        description="days after which unpaid orders expire and photos go; those of paid orders so long after the mail",
    )
    books_days: int = Field(default=90, ge=1, le=3650, description="how long books are kept, in days")
    tribute_days: int = Field(
        default=1825, ge=1, le=36_500, description="how long the page behind the QR code stays, in days"
    )
    customers_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="how long names, words and e-mail addresses are kept after an order ended",
    )

    @property
    def longest_days(self) -> int:
        """Days after which no order needs any more what was drawn or sent for it, however late it was paid and made.

        Files are kept so long where nothing lets go of them sooner.
        """
        waiting = self.photos_days + self.reconcile_days + ceil(self.refund_after_hours / 24)
        return waiting + max(self.photos_days, self.books_days, self.tribute_days, self.customers_days)

    @property
    def paying(self) -> bool:
        """Whether there is somebody who takes payments."""
        return bool(self.mercadopago_access_token.get_secret_value())

    @property
    def drawer(self) -> Literal["local", "gemini"]:
        """Who draws."""
        if self.art != "auto":
            return self.art
        return "gemini" if self.gemini_api_key.get_secret_value() else "local"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.paying and not self.mercadopago_webhook_secret.get_secret_value().strip(" ,"):
            raise ValueError("mercadopago_webhook_secret must be set where mercadopago_access_token is")
        if self.reconcile_days * 24 <= self.checkout_hours:
            raise ValueError("reconcile_days must be longer than checkout_hours: a payment may come until then")
        if self.art == "gemini" and not self.gemini_api_key.get_secret_value():
            raise ValueError("gemini_api_key must be set where gemini draws")
        return self
