"""How Mercado Pago signs its notifications, and by what two of them are the same."""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from esteio.webhooks.errors import InvalidSignature
from esteio.webhooks.schemes import Arrival, known_id

MILLISECONDS = 10**11
"""Timestamps from here on count milliseconds; both are about."""

_RESOURCE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,16}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_LONGEST_REQUEST = 120

TYPES = frozenset({"payment", "order", "merchant_order", "chargebacks", "topic_claims_integration_wh"})
OTHER = "other"
"""What stands for every other type: the type is not signed."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notification is about: `type` is `payment` for payments, `resource` the number of one."""

    type: str
    resource: str

    @classmethod
    def of(cls, sender_id: str) -> "Notice":
        """From the id under which the notification is kept."""
        type_, resource, *_ = sender_id.split(":", 3)
        return cls(type_, resource)


@dataclass(frozen=True, slots=True)
class MercadoPagoSignature:
    """`x-signature: ts=…,v1=…`, an HMAC-SHA256 of the resource in the address, the request's id and the timestamp.

    The body is not signed: nothing of it is believed. tolerance: seconds that a signature is good for, 0 for ever,
    since it is not documented whether a repeated notification is signed anew.
    """

    tolerance: float = 0.0

    @property
    def headers(self) -> tuple[str, ...]:
        return "x-request-id", "x-signature"

    def verify(self, arrival: Arrival, secrets: Sequence[str], now: float) -> str:
        request = arrival.headers.get("x-request-id", "").strip()
        resource = arrival.query.get("data.id", "")
        timestamp, claimed = _parts(arrival.headers.get("x-signature", ""))
        # The documentation wants the resource in lower case, the senders sign it as it is.
        manifests = [_manifest(one, request, timestamp) for one in dict.fromkeys((resource, resource.lower()))]
        if not _is_signed(claimed, manifests, secrets):
            raise InvalidSignature(operator="no signature holds")
        if self.tolerance and abs(now - seconds(timestamp)) > self.tolerance:
            raise InvalidSignature(operator="the timestamp is too far from now")
        return _known(arrival, resource, request, timestamp)


def seconds(timestamp: str) -> float:
    """Seconds of the epoch that a timestamp of either kind tells."""
    number = int(timestamp)
    return number / 1000 if number >= MILLISECONDS else float(number)


def _parts(text: str) -> tuple[str, bytes]:
    """The timestamp as it is written, and the signature. Raises `InvalidSignature` where one is not there once."""
    found: dict[str, list[str]] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        found.setdefault(name.strip().lower(), []).append(value.strip())
    match found.get("ts", []), found.get("v1", []):
        case [timestamp], [claimed] if _DIGITS.fullmatch(timestamp) and _SHA256.fullmatch(claimed):
            return timestamp, bytes.fromhex(claimed)
    raise InvalidSignature(operator="x-signature has not one ts and one v1")


def _manifest(resource: str, request: str, timestamp: str) -> bytes:
    """What is signed; what is not there is left out together with its name."""
    parts = (("id", resource), ("request-id", request), ("ts", timestamp))
    return "".join(f"{name}:{value};" for name, value in parts if value).encode()


def _is_signed(claimed: bytes, manifests: Sequence[bytes], secrets: Sequence[str]) -> bool:
    held = False
    for secret in filter(None, secrets):
        for manifest in manifests:
            held |= hmac.compare_digest(claimed, hmac.digest(secret.encode(), manifest, "sha256"))
    return held


def _known(arrival: Arrival, resource: str, request: str, timestamp: str) -> str:
    """Type, resource, action and request: a repetition has all of them, a later change another request.

    Without a request's id the timestamp stands for it. What is not signed is only taken from a few words, so that
    nobody who has overheard one notification makes many of it.
    """
    if resource and not _RESOURCE.fullmatch(resource):
        raise InvalidSignature(operator="data.id is no id")
    told = _told(arrival.body)
    type_ = arrival.query.get("type") or told.get("type", "")
    type_ = type_ if type_ in TYPES else OTHER
    action = told.get("action", "")
    action = action if action in (f"{type_}.created", f"{type_}.updated") else ""
    return known_id(f"{type_}:{resource}:{action}:{request[:_LONGEST_REQUEST] or f'ts-{timestamp}'}")


def _told(body: bytes) -> Mapping[str, str]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return {name: value for name, value in told.items() if isinstance(value, str)} if isinstance(told, dict) else {}
