"""Merchant orders: the payments that one preference met."""

from __future__ import annotations

from typing import Any

from esteio.standins.mercadopago.bodies import ZERO
from esteio.standins.mercadopago.offers import total
from esteio.standins.mercadopago.payments import Payment
from esteio.standins.mercadopago.preferences import Preference
from esteio.standins.mercadopago.refusals import Refused

FIRST_NUMBER = 28_000_000_001


class Orders:
    """By number; a preference has one from its first payment on."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, preference: str) -> int:
        return self._numbers.setdefault(preference, FIRST_NUMBER + len(self._numbers))

    def preference(self, number: str) -> str:
        """Raises `Refused`."""
        for preference, order in self._numbers.items():
            if str(order) == number:
                return preference
        raise Refused("Merchant order not found", 404)


def merchant_order(number: int, preference: Preference, payments: list[Payment], live: bool) -> dict[str, Any]:
    whole = total(preference["items"])
    paid = sum((one.amount for one in payments if one.approved), ZERO)
    closed = paid >= whole
    return {
        "id": number,
        "status": "closed" if closed else "opened",
        "order_status": "paid" if closed else "payment_required",
        "external_reference": preference["external_reference"],
        "preference_id": preference["id"],
        "date_created": preference["date_created"],
        "notification_url": preference["notification_url"],
        "collector": {"id": preference["collector_id"]},
        "site_id": "MLB",
        "is_test": not live,
        "items": preference["items"],
        "payments": [_part(one) for one in payments],
        "total_amount": whole,
        "paid_amount": paid,
        "refunded_amount": sum((one.refunded for one in payments), ZERO),
        "shipping_cost": ZERO,
        "cancelled": False,
    }


def _part(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.number,
        "status": payment.status,
        "status_detail": payment.detail,
        "transaction_amount": payment.amount,
        "total_paid_amount": payment.amount,
        "amount_refunded": payment.refunded,
        "operation_type": "regular_payment",
        "currency_id": "BRL",
    }
