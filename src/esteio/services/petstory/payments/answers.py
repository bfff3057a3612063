"""What of Mercado Pago's answers is believed: their shapes, read without a float between an amount and its cents."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from esteio.upstream.answer import Received, Unfit

T = TypeVar("T", bound=BaseModel)

MOST = Decimal("9999999999.99")


def _exact(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("an amount is a number")
    return value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _named(value: Any) -> Any:
    """A reference that is no text was given by somebody else, and is none of ours."""
    return value if isinstance(value, str) else None


def _short(value: Any) -> Any:
    return value[:100] if isinstance(value, str) else value


Amount = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=MOST, decimal_places=2)]
Number = Annotated[str, BeforeValidator(_text), Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Reference = Annotated[str | None, BeforeValidator(_named)]
Detail = Annotated[str | None, BeforeValidator(_short)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Seen(_Answer):
    """A payment as Mercado Pago shows it. Statuses that nobody knows yet are kept as they are."""

    number: Number = Field(alias="id")
    status: str = Field(min_length=1, max_length=30)
    status_detail: Detail = None
    method: Annotated[str | None, Field(max_length=50)] = Field(None, alias="payment_method_id")
    amount: Amount = Field(alias="transaction_amount")
    refunded: Amount = Field(Decimal(0), alias="transaction_amount_refunded")
    currency: str = Field(alias="currency_id", min_length=3, max_length=3)
    reference: Reference = Field(None, alias="external_reference")
    live: bool = Field(alias="live_mode", strict=True)
    made_at: AwareDatetime = Field(alias="date_created")
    approved_at: AwareDatetime | None = Field(None, alias="date_approved")
    updated_at: AwareDatetime | None = Field(None, alias="date_last_updated")

    @property
    def changed_at(self) -> datetime:
        return self.updated_at or self.approved_at or self.made_at


class Preferred(_Answer):
    """A preference, and where it is paid: with real money, or with that of tests."""

    preference: str = Field(alias="id", min_length=1, max_length=100)
    init_point: str = Field(max_length=2000, pattern=r"^https?://")
    sandbox_init_point: str = Field(max_length=2000, pattern=r"^https?://")


class GivenBack(_Answer):
    """A refund. `status` is `approved`, or `in_process` where it takes a while."""

    number: Number = Field(alias="id")
    amount: Amount
    status: str = Field("approved", max_length=30)
    made_at: AwareDatetime = Field(alias="date_created")


class Found(_Answer):
    """A payment of a search; what it says besides may be old."""

    number: Number = Field(alias="id")
    status: str = Field(max_length=30)
    reference: Reference = Field(None, alias="external_reference")


class _Paging(_Answer):
    total: int = Field(ge=0)


class Page(_Answer):
    """A part of what a search found, of `total`."""

    paging: _Paging
    results: list[Found] = Field(max_length=1000)


def told(received: Received) -> Any:
    """The JSON of an answer. Raises `Unfit`."""
    try:
        return json.loads(received.body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Unfit("no JSON") from error


def shaped(shape: type[T], value: Any) -> T:
    """The value in this shape. Raises `Unfit`, whose words name the members that are wrong and none of their values."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, one["loc"])) for one in error.errors(include_input=False)}))
        raise Unfit(f"not as agreed: {wrong or 'all of it'}") from None


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")
