"""What a mail is about, before it is put into words."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from esteio.services.petstory.models import Order


@dataclass(frozen=True, slots=True)
class Attached:
    """The book as it lies in the store: its object, and its size in bytes."""

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Told:
    """A mail that is to be sent: to whom, of which order, with which book, for which of its photos (from 1 on)."""

    mail: UUID
    kind: str
    email: str
    order: Order
    book: Attached | None
    photos: Sequence[int]


@dataclass(frozen=True, slots=True)
class Where:
    """The addresses that a mail leads to: the order's page, its book, its tribute page."""

    order: str
    book: str | None
    tribute: str | None
