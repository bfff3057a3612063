"""Preferences: what is for sale, and who is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from esteio.standins.mercadopago.bodies import ZERO, money
from esteio.standins.mercadopago.moments import Clock, moment, shown
from esteio.standins.mercadopago.offers import CURRENCY, check
from esteio.standins.mercadopago.refusals import Refused

Preference = dict[str, Any]
TAKEN = (
    "items",
    "payer",
    "back_urls",
    "auto_return",
    "notification_url",
    "external_reference",
    "metadata",
    "expires",
    "expiration_date_from",
    "expiration_date_to",
    "date_of_expiration",
    "payment_methods",
    "statement_descriptor",
    "binary_mode",
    "additional_info",
    "marketplace_fee",
)
DEFAULTS: Preference = {
    "additional_info": "",
    "auto_return": "",
    "back_urls": {"success": "", "pending": "", "failure": ""},
    "binary_mode": False,
    "date_of_expiration": None,
    "expiration_date_from": None,
    "expiration_date_to": None,
    "expires": False,
    "external_reference": "",
    "marketplace_fee": 0,
    "metadata": {},
    "notification_url": None,
    "payer": {"name": "", "surname": "", "email": ""},
    "payment_methods": {"excluded_payment_methods": [], "excluded_payment_types": [], "installments": None},
    "statement_descriptor": None,
}


class Preferences:
    """All of them, by id."""

    def __init__(self, collector: int, clock: Clock) -> None:
        self._collector = collector
        self._clock = clock
        self._kept: dict[str, Preference] = {}

    def clear(self) -> None:
        self._kept.clear()

    def make(self, told: Preference, address: str) -> Preference:
        """Raises `Refused`."""
        offer = _offer(DEFAULTS, told)
        number = f"{self._collector}-{uuid4()}"
        self._kept[number] = offer | {
            "id": number,
            "client_id": str(self._collector * 7),
            "collector_id": self._collector,
            "date_created": shown(self._clock.now()),
            "last_updated": None,
            "init_point": f"{address}/checkout/v1/redirect?pref_id={number}",
            "sandbox_init_point": f"{address}/sandbox/checkout/v1/redirect?pref_id={number}",
            "operation_type": "regular_payment",
            "site_id": "MLB",
            "total_amount": ZERO,
        }
        return self._kept[number]

    def find(self, number: str) -> Preference:
        """Raises `Refused`."""
        if number not in self._kept:
            raise Refused("preference_id not found", 404)
        return self._kept[number]

    def change(self, number: str, told: Preference) -> Preference:
        """Raises `Refused`."""
        old = self.find(number)
        new = old | _offer({name: old.get(name) for name in TAKEN}, told)
        self._kept[number] = new | {"last_updated": shown(self._clock.now())}
        return self._kept[number]

    def search(self, reference: str | None) -> list[Preference]:
        """The newest first; of one reference, or all."""
        found = [one for one in self._kept.values() if reference in (None, one["external_reference"])]
        return found[::-1]


def payable(preference: Preference, now: datetime) -> bool:
    """Whether it can be paid at this moment."""
    if not preference["expires"]:
        return True
    first, last = preference["expiration_date_from"], preference["expiration_date_to"]
    return not (first and now < moment(first)) and not (last and now >= moment(last))


def _offer(before: Preference, told: Preference) -> Preference:
    offer = before | {name: told[name] for name in TAKEN if told.get(name) is not None}
    check(offer)
    items = [{"currency_id": CURRENCY} | item | {"unit_price": money(item["unit_price"])} for item in offer["items"]]
    return offer | {"items": items}
