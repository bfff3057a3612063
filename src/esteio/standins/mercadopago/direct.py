"""`POST /v1/payments`: payments without the checkout. Pix and boleto; cards are typed on the checkout only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from esteio.standins.mercadopago.bank import Bank
from esteio.standins.mercadopago.bodies import money
from esteio.standins.mercadopago.methods import BOLETO, PIX
from esteio.standins.mercadopago.moments import moment
from esteio.standins.mercadopago.offers import called
from esteio.standins.mercadopago.payments import Payment
from esteio.standins.mercadopago.refusals import WRONG_AMOUNT, WRONG_URL, Refused

TAKEN = {"pix": (PIX, "pending_waiting_transfer"), "bolbradesco": (BOLETO, "pending_waiting_payment")}
LASTS = timedelta(hours=24)


def paid_directly(bank: Bank, told: dict[str, Any]) -> Payment:
    """A pending payment. Raises `Refused`."""
    amount = money(told.get("transaction_amount"))
    if amount is None or amount <= 0:
        raise Refused("Invalid transaction_amount", code=WRONG_AMOUNT)
    found = TAKEN.get(str(told.get("payment_method_id")))
    if found is None:
        raise Refused("Invalid payment_method_id; pix and bolbradesco are taken here")
    payer = told.get("payer")
    if not isinstance(payer, dict) or "@" not in str(payer.get("email", "")):
        raise Refused("payer.email must be a valid email")
    url = told.get("notification_url")
    if url is not None and not called(url):
        raise Refused("notification_url attribute must be url valid", code=WRONG_URL)
    method, detail = found
    return bank.payments.make(
        method,
        "pending",
        detail,
        amount,
        reference=_text(told, "external_reference"),
        description=_text(told, "description") or "",
        payer=payer,
        metadata=told["metadata"] if isinstance(told.get("metadata"), dict) else {},
        tell=url,
        expires=_end(told.get("date_of_expiration"), bank.clock.now()),
    )


def _text(told: dict[str, Any], name: str) -> str | None:
    value = told.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(f"{name} must be a text")
    return value


def _end(told: object, now: datetime) -> datetime:
    if told is None:
        return now + LASTS
    try:
        end = moment(told)
    except ValueError as error:
        raise Refused("date_of_expiration must be a date in ISO 8601") from error
    if end <= now:
        raise Refused("date_of_expiration must be in the future")
    return end
