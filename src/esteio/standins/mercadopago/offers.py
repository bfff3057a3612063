"""What a preference must be to be taken."""

from __future__ import annotations

from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from esteio.standins.mercadopago.bodies import CENT, ZERO, money
from esteio.standins.mercadopago.moments import moment
from esteio.standins.mercadopago.refusals import Refused

CURRENCY = "BRL"
LONGEST_REFERENCE = 256
LONGEST_URL = 500
BACK = {"success", "pending", "failure"}
DATES = ("expiration_date_from", "expiration_date_to", "date_of_expiration")


def check(offer: dict[str, Any]) -> None:
    """Raises `Refused` with the words for what is wrong first."""
    _items(offer.get("items"))
    _back(offer)
    _dates(offer)
    reference = offer.get("external_reference")
    if reference is not None and (not isinstance(reference, str) or len(reference) > LONGEST_REFERENCE):
        raise Refused("external_reference invalid", error="invalid_external_reference")
    if (url := offer.get("notification_url")) is not None and not called(url):
        raise Refused("notification_url invalid. It must be an https address", error="invalid_notification_url")
    for member in ("payer", "metadata", "payment_methods"):
        if not isinstance(offer.get(member) or {}, dict):
            raise Refused(f"{member} invalid", error=f"invalid_{member}")


def total(items: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(one["quantity"]) * one["unit_price"] for one in items), ZERO).quantize(CENT)


def called(url: object) -> bool:
    """Whether notifications may be sent there: https, or this machine, which is where a stand-in lives."""
    return _web(url) and (urlsplit(str(url)).scheme == "https" or _here(urlsplit(str(url)).hostname or ""))


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _web(url: object) -> bool:
    if not isinstance(url, str) or len(url) > LONGEST_URL or not (url.isascii() and url.isprintable()) or " " in url:
        return False
    try:
        split = urlsplit(url)
        return split.scheme in ("http", "https") and bool(split.hostname) and split.port != 0
    except ValueError:
        return False


def _items(items: object) -> None:
    if not isinstance(items, list) or not items:
        raise Refused("items needed", error="invalid_items")
    for item in items:
        _item(item)


def _item(item: object) -> None:
    if not isinstance(item, dict):
        raise Refused("items invalid", error="invalid_items")
    title, quantity, price = item.get("title"), item.get("quantity"), money(item.get("unit_price"))
    if not isinstance(title, str) or not title.strip():
        raise Refused("title needed", error="invalid_items")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not 1 <= quantity <= 10_000:
        raise Refused("quantity invalid. It must be a positive whole number", error="invalid_items")
    if price is None or price <= 0:
        raise Refused("unit_price invalid. It must be a positive number with two decimals", error="invalid_items")
    if item.get("currency_id", CURRENCY) != CURRENCY:
        raise Refused(f"currency_id invalid. It must be {CURRENCY}", error="invalid_items")


def _back(offer: dict[str, Any]) -> None:
    back = offer.get("back_urls") or {}
    if not isinstance(back, dict) or not all(_web(url) for name, url in back.items() if name in BACK and url):
        raise Refused("back_urls invalid. Wrong format", error="invalid_back_urls")
    automatic = offer.get("auto_return")
    if automatic not in (None, "", "approved", "all"):
        raise Refused("auto_return invalid", error="invalid_auto_return")
    if automatic and not back.get("success"):
        raise Refused("auto_return invalid. back_url.success must be defined", error="invalid_auto_return")


def _dates(offer: dict[str, Any]) -> None:
    found = {}
    for name in DATES:
        if offer.get(name) is not None:
            try:
                found[name] = moment(offer[name])
            except ValueError as error:
                raise Refused(f"{name} invalid. It must be a date in ISO 8601", error=f"invalid_{name}") from error
    first, last = found.get("expiration_date_from"), found.get("expiration_date_to")
    if first and last and first >= last:
        raise Refused("expiration_date_to invalid. It must be after expiration_date_from", error="invalid_expiration")
