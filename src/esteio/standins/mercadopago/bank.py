"""All that Mercado Pago keeps: preferences, payments, orders, keys, notifications."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from esteio.standins.mercadopago.courier import Courier
from esteio.standins.mercadopago.deliveries import Delivery, Postman
from esteio.standins.mercadopago.habits import Habits, changed
from esteio.standins.mercadopago.keys import Keys
from esteio.standins.mercadopago.methods import CHANGES, Outcome
from esteio.standins.mercadopago.moments import Clock, moment
from esteio.standins.mercadopago.notices import Notice
from esteio.standins.mercadopago.offers import total
from esteio.standins.mercadopago.orders import Orders, merchant_order
from esteio.standins.mercadopago.payments import UPDATED, Payment, Payments
from esteio.standins.mercadopago.preferences import Preference, Preferences
from esteio.standins.mercadopago.statement import statement

COLLECTOR = 724484980
FIRST_NOTICE = 118_000_000_001


class Bank:
    """What happens to money here. `faults` are the names of those that are switched on."""

    def __init__(self, secret: str, live: bool, schedule: Sequence[float], patience: float) -> None:
        self.live = live
        self.address = ""
        self.faults: set[str] = set()
        self.clock = Clock()
        self.keys = Keys()
        self.orders = Orders()
        self.preferences = Preferences(COLLECTOR, self.clock)
        self.payments = Payments(self.clock, COLLECTOR, self._tell)
        self.courier = Courier(Postman(secret, self.clock, schedule, patience))
        self._notices = count(FIRST_NOTICE)

    def clear(self) -> None:
        """As at the start."""
        self.clock.ahead = 0.0
        for kept in self.courier, self.payments, self.preferences, self.orders, self.keys:
            kept.clear()

    def pay(self, preference: Preference, outcome: Outcome) -> Payment:
        """A payment of all that the preference asks for."""
        last = preference["date_of_expiration"]
        return self.payments.make(
            outcome.method,
            outcome.status,
            outcome.detail,
            total(preference["items"]),
            reference=preference["external_reference"] or None,
            description=preference["items"][0]["title"],
            payer=preference["payer"],
            metadata=preference["metadata"],
            items=preference["items"],
            statement=preference["statement_descriptor"],
            order=self.orders.of(preference["id"]),
            tell=preference["notification_url"],
            expires=moment(last) if last and outcome.status == "pending" else None,
        )

    def change(self, payment: Payment, verb: str, amount: Decimal | None = None) -> None:
        """What the control does to a payment; the money's own rules hold only for giving it back.

        Raises `Refused`, `KeyError` for an unknown verb.
        """
        if verb == "refund":
            self.payments.refund(payment, amount)
        else:
            self.payments.change(payment, *CHANGES[verb])

    def view(self, payment: Payment, reading: bool = False) -> dict[str, Any]:
        """As it is answered; a `reading` uses up one of those that still show it pending."""
        shown = statement(payment, COLLECTOR, self.live, self.address)
        payment.hidden -= reading and payment.hidden > 0
        return shown

    def order(self, number: str) -> dict[str, Any]:
        """Raises `Refused`."""
        preference = self.preferences.find(self.orders.preference(number))
        paid = [one for one in self.payments.all() if str(one.order) == number]
        return merchant_order(int(number), preference, paid, self.live)

    def notify(self, payment: Payment, told: dict[str, Any]) -> list[Delivery]:
        """Tell of a payment once more, with habits of its own. Raises `ValueError`."""
        habits = changed(self.courier.habits, told)
        return self._sent(payment, UPDATED, habits)

    def _tell(self, payment: Payment, action: str) -> None:
        told: dict[str, Any] = {}
        if "lost" in self.faults:
            told["lost"] = True
        if "duplicated" in self.faults:
            told["copies"] = max(2, self.courier.habits.copies)
        self._sent(payment, action, changed(self.courier.habits, told), "reordered" in self.faults)

    def _sent(self, payment: Payment, action: str, habits: Habits, reordered: bool = False) -> list[Delivery]:
        if not payment.tell or not urlsplit(payment.tell).hostname:
            return []
        notice = Notice(next(self._notices), payment.number, action, self.clock.now(), self.live, COLLECTOR)
        return self.courier.send(notice, payment.tell, habits, reordered)
