"""What is sent to Mercado Pago for a checkout: what is sold, who is told, and until when it can be paid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from esteio.services.petstory.payments.mercadopago import exact

PATH = "/petstory/orders"
"""Below the public URL: the page that a customer comes back to."""

NOTIFICATIONS = "/api/v2/petstory/webhooks/mercadopago?source_news=webhooks"
"""Without the parameter each payment is told twice, once without a signature."""

STATEMENT = "PETSTORY"
TITLES: Mapping[str, str] = {
    "pt-BR": "Livro do seu animal de estimação",
    "en": "The book of your pet",
    "es": "El libro de tu mascota",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is for sale. Nothing of the customer is in it but the e-mail address that the payer's receipt goes to."""

    order: UUID
    token: str
    email: str | None
    language: str
    amount: Decimal
    currency: str
    since: datetime
    until: datetime


def body_of(offer: Offer, *, base: str, market: str) -> bytes:
    """The body of the call, the same bytes for the same offer. `base` is the public URL, `market` where it is sent."""
    back = f"{base}{PATH}/{offer.token}"
    body = {
        "items": [_item(offer)],
        "payer": {"email": offer.email} if offer.email else {},
        "back_urls": {"success": back, "pending": back, "failure": back},
        "external_reference": str(offer.order),
        "expires": True,
        "expiration_date_from": moment(offer.since),
        "expiration_date_to": moment(offer.until),
        "date_of_expiration": moment(offer.until),
        "statement_descriptor": STATEMENT,
    }
    if back.startswith("https://"):
        body["auto_return"] = "approved"
    if _is_told(base, market):
        body["notification_url"] = base + NOTIFICATIONS
    return orjson.dumps(body)


def moment(when: datetime) -> str:
    """ISO 8601 with milliseconds and an offset."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds")


def _item(offer: Offer) -> dict[str, object]:
    return {
        "id": "petstory-book",
        "title": TITLES.get(offer.language, TITLES["en"]),
        "quantity": 1,
        "currency_id": offer.currency,
        "unit_price": exact(offer.amount),
    }


def _is_told(base: str, market: str) -> bool:
    """The real one refuses plain http and this machine; a stand-in on this machine can call this machine.

    Where nobody is told, payments are found by asking after them.
    """
    return _is_here(market) or (base.startswith("https://") and not _is_here(base))


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
