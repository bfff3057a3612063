"""Payments, and what is done to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from esteio.standins.mercadopago.bodies import ZERO
from esteio.standins.mercadopago.methods import PAID, STILL_OPEN, Method
from esteio.standins.mercadopago.moments import Clock, shown
from esteio.standins.mercadopago.refusals import (
    NO_PAYMENT,
    NO_REFUND,
    NOT_IN_THIS_STATE,
    TOO_OLD,
    WRONG_AMOUNT,
    Refused,
)

CREATED, UPDATED = "payment.created", "payment.updated"
REFUNDABLE = timedelta(days=180)
NOT_NOW = "The action requested is not valid for the current payment state"


@dataclass
class Payment:
    """One payment. `altered` overrules what is answered, so many of `hidden` readings still show it pending."""

    number: int
    method: Method
    status: str
    detail: str
    amount: Decimal
    made: datetime
    reference: str | None = None
    description: str = ""
    payer: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    items: list[dict[str, Any]] = field(default_factory=list)
    statement: str | None = None
    order: int | None = None
    tell: str | None = None
    expires: datetime | None = None
    changed: datetime | None = None
    approved: datetime | None = None
    refunds: list[dict[str, Any]] = field(default_factory=list)
    altered: dict[str, Any] = field(default_factory=dict)
    hidden: int = 0

    @property
    def shown_reference(self) -> object:
        return self.altered.get("external_reference", self.reference)

    @property
    def refunded(self) -> Decimal:
        return sum((one["amount"] for one in self.refunds), ZERO)


class Payments:
    """All of them by number; `tell` hears of each that was made or changed."""

    def __init__(self, clock: Clock, collector: int, tell: Callable[[Payment, str], None]) -> None:
        self._clock = clock
        self._collector = collector
        self._tell = tell
        # Shops keep what they were told: no number comes twice, not after `clear` and not in a later process.
        first = int(clock.now().timestamp() * 1000)
        self._numbers = count(first)
        self._refunds = count(2 * first)
        self.clear()

    def clear(self) -> None:
        self.altered: dict[str, Any] = {}
        self.hidden = 0
        self._kept: dict[int, Payment] = {}

    def make(self, method: Method, status: str, detail: str, amount: Decimal, **members: Any) -> Payment:
        """A new payment, of which is told."""
        number, now = next(self._numbers), self._clock.now()
        payment = Payment(number, method, status, detail, amount, now, changed=now, **members)
        payment.approved = now if status == "approved" else None
        payment.altered, payment.hidden = {**self.altered}, self.hidden
        self._kept[number] = payment
        self._tell(payment, CREATED)
        return payment

    def find(self, number: str | int) -> Payment:
        """Raises `Refused`."""
        text = str(number)
        payment = self._kept.get(int(text)) if text.isascii() and text.isdecimal() and len(text) < 19 else None
        if payment is None:
            raise Refused("Payment not found", 404, code=NO_PAYMENT)
        self._let_expire(payment)
        return payment

    def all(self) -> list[Payment]:
        """In the order in which they were made."""
        for payment in self._kept.values():
            self._let_expire(payment)
        return [*self._kept.values()]

    def of(self, reference: str | None) -> list[Payment]:
        """Those that show this reference, or all."""
        return [one for one in self.all() if reference is None or one.shown_reference == reference]

    def change(self, payment: Payment, status: str, detail: str) -> None:
        """Of which is told."""
        payment.status, payment.detail, payment.changed = status, detail, self._clock.now()
        if status == "approved":
            payment.approved = payment.approved or payment.changed
        self._tell(payment, UPDATED)

    def cancel(self, payment: Payment) -> None:
        """Raises `Refused` where it was paid or has ended."""
        self._needs(payment.status in STILL_OPEN)
        self.change(payment, "cancelled", "by_collector")

    def capture(self, payment: Payment) -> None:
        """Raises `Refused` where nothing is held."""
        self._needs(payment.status == "authorized")
        self.change(payment, "approved", "accredited")

    def refund(self, payment: Payment, amount: Decimal | None) -> dict[str, Any]:
        """Gives back all that is left, or so much of it. Raises `Refused`."""
        self._needs(payment.status in PAID)
        if payment.approved and self._clock.now() - payment.approved > REFUNDABLE:
            raise Refused("Payment too old to be refunded", code=TOO_OLD)
        left = payment.amount - payment.refunded
        amount = left if amount is None else amount
        if not 0 < amount <= left:
            raise Refused("Amount to refund is more than what is left, or none", code=WRONG_AMOUNT)
        refund = self._refund(payment, amount)
        payment.refunds.append(refund)
        whole = payment.refunded == payment.amount
        self.change(payment, *(("refunded", "refunded") if whole else (payment.status, "partially_refunded")))
        return refund

    def _refund(self, payment: Payment, amount: Decimal) -> dict[str, Any]:
        return {
            "id": next(self._refunds),
            "payment_id": payment.number,
            "amount": amount,
            "metadata": {},
            "source": {"id": str(self._collector), "name": "Loja de teste", "type": "collector"},
            "date_created": shown(self._clock.now()),
            "unique_sequence_number": None,
            "refund_mode": "standard",
            "adjustment_amount": ZERO,
            "amount_refunded_to_payer": amount,
            "status": "approved",
            "reason": None,
        }

    def _needs(self, held: bool) -> None:
        if not held:
            raise Refused(NOT_NOW, code=NOT_IN_THIS_STATE)

    def _let_expire(self, payment: Payment) -> None:
        if payment.status == "pending" and payment.expires and self._clock.now() >= payment.expires:
            self.change(payment, "cancelled", "expired")


def refund_of(payment: Payment, number: str) -> dict[str, Any]:
    """Raises `Refused`."""
    for refund in payment.refunds:
        if str(refund["id"]) == number:
            return refund
    raise Refused("Refund not found", 404, code=NO_REFUND)
