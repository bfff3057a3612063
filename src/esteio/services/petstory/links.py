"""Secret links: the customer's way to an order, and everybody's to a tribute page. Signed, and revocable by number."""

import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from esteio.base.crypto import Keyring
from esteio.base.errors import NotFound

Kind = Literal["order", "tribute"]
_SPELLED = re.compile(r"[A-Za-z0-9_-]{52}", re.ASCII)
"""Version, order and number are 23 bytes and the signature 16: base64 leaves no spare bits, so that each link has one
spelling."""
_VERSION = b"\x01"

CUSTOMER = "customer"
"""Who acts by an order's link, as facts, files and the audit log name them all."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: which order, and the number that its row must still have."""

    order: UUID
    number: int


def written(keyring: Keyring, kind: Kind, link: Link) -> str:
    """The link's token. It holds until the number in the order's row is another."""
    return keyring.sign(f"petstory-{kind}", _VERSION + link.order.bytes + link.number.to_bytes(6))


def read(keyring: Keyring, kind: Kind, token: str) -> Link:
    """What the token says; whether the order still knows the number is for the caller to see. Raises `NotFound`."""
    if not _SPELLED.fullmatch(token):
        raise NotFound
    try:
        payload = keyring.verified(f"petstory-{kind}", token)
    except ValueError as error:
        raise NotFound from error
    if payload[:1] != _VERSION:
        raise NotFound
    return Link(UUID(bytes=payload[1:17]), int.from_bytes(payload[17:]))
