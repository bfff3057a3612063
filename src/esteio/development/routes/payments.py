"""Payments at the stand-in of Mercado Pago, and what becomes of them."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Path, Query, Request

from esteio.auth.caller import Caller
from esteio.base.errors import Invalid, NotFound
from esteio.base.page import NumberedPage
from esteio.development.errors import StandInRefused
from esteio.development.part import Played
from esteio.development.routes.asked import BASE, USE, written_down
from esteio.development.schemas import Outcome, OutcomeSetting, PaymentView
from esteio.http.answers import Answer, Link
from esteio.http.envelope import Envelope
from esteio.http.pagination import Numbered, numbered_links, numbered_meta
from esteio.http.rules import rules

router = APIRouter(prefix="/payments")
PAYMENTS = f"{BASE}/payments"
BANK = ("mercadopago", "Mercado Pago")
PER_PAGE = 20
REFUNDABLE = frozenset({"approved", "in_mediation"})


class PaymentsAsked(Numbered):
    """The page that is wanted."""


@router.get("", summary="List payments", response_model=Envelope[list[PaymentView]])
@rules(USE)
async def list_payments(asked: Annotated[PaymentsAsked, Query()], played: Played) -> Answer:
    """The newest first: what was paid, or begun to be, on the page of the stand-in."""
    told = (await played.control.ask(await played.party(*BANK), "/payments"))[::-1]
    number, per_page = asked.page or 1, asked.per_page or PER_PAGE
    rows = [_view(one) for one in told[(number - 1) * per_page : number * per_page]]
    page = NumberedPage(rows, len(told), number, per_page)
    return Answer(rows, links=numbered_links(PAYMENTS, {}, page), meta=numbered_meta(page), cache_control="no-store")


@router.put("/{payment_id}/outcome", summary="Decide a payment", response_model=Envelope[PaymentView])
@rules(USE, errors=(404, 409))
async def decide_payment(
    request: Request,
    payment_id: Annotated[str, Path(max_length=40, description="The payment's number")],
    data: OutcomeSetting,
    caller: Caller,
    played: Played,
) -> Answer:
    """The payment becomes so, and the shop is told of it as the real party would."""
    place = await played.party(*BANK)
    if all(str(one["id"]) != payment_id for one in await played.control.ask(place, "/payments")):
        raise NotFound("There is no such payment.")
    try:
        told = await played.control.tell(place, "POST", f"/payments/{payment_id}/{data.outcome}", {})
    except Invalid as error:
        raise StandInRefused(error.detail) from None
    details = {"outcome": data.outcome}
    await written_down(request, caller, "payment.decided", f"stand_in_payment:{payment_id}", details)
    return Answer(_view(told), links=[Link(f"{PAYMENTS}/{payment_id}/outcome", "self")], cache_control="no-store")


def _view(told: dict[str, Any]) -> PaymentView:
    """Whoever rules the stand-in may have altered any member, so that nothing is taken for granted."""
    status = str(told.get("status"))
    made, payer = None, told.get("payer")
    with suppress(ValueError, TypeError):
        made = datetime.fromisoformat(told["date_created"])
    return PaymentView(
        id=str(told["id"]),
        status=status,
        status_detail=str(told.get("status_detail")),
        amount=_amount(told.get("transaction_amount")),
        currency=str(told.get("currency_id")),
        method=str(told.get("payment_method_id")),
        reference=None if told.get("external_reference") is None else str(told["external_reference"]),
        description=str(told.get("description") or ""),
        payer=str(payer["email"]) if isinstance(payer, dict) and payer.get("email") else None,
        created_at=made,
        outcomes=[one for one in get_args(Outcome) if one != "refund" or status in REFUNDABLE],
    )


def _amount(told: Any) -> str:
    return f"{told:.2f}" if isinstance(told, int | float) else str(told)
