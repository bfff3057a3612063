"""Where an order's things are: paths from the root of the public URL, and whole addresses for who is elsewhere."""

from dataclasses import dataclass
from uuid import UUID

from esteio.base.crypto import Keyring
from esteio.services.petstory.links import Link, written

PETSTORY = "/api/v2/petstory"
ORDERS = f"{PETSTORY}/orders"
PAGES = "/petstory"
"""Where the pages for people are. The address of a tribute page is printed in books: it is short."""


def order_path(token: str) -> str:
    return f"{ORDERS}/{token}"


def photo_path(token: str, photo: UUID) -> str:
    return f"{ORDERS}/{token}/photos/{photo}"


def art_path(token: str, art: UUID) -> str:
    """The whole picture; there once the order is paid."""
    return f"{ORDERS}/{token}/arts/{art}"


def preview_path(token: str, art: UUID) -> str:
    """The watermarked picture."""
    return f"{ORDERS}/{token}/arts/{art}/preview"


def book_path(token: str) -> str:
    return f"{ORDERS}/{token}/book"


def order_page_path(token: str) -> str:
    """The order as a page for its customer."""
    return f"{PAGES}/orders/{token}"


def tribute_path(token: str) -> str:
    """The page behind the book's QR code, for everybody."""
    return f"{PAGES}/tributes/{token}"


def tribute_picture_path(token: str, art: UUID) -> str:
    """A picture of that page."""
    return f"{PAGES}/tributes/{token}/{art}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes the links of orders. `base` is the public URL."""

    keyring: Keyring
    base: str

    def order_token(self, order: UUID, number: int) -> str:
        return written(self.keyring, "order", Link(order, number))

    def order(self, order: UUID, number: int) -> str:
        """The secret address of an order whose row has this number."""
        return self.base + order_path(self.order_token(order, number))

    def order_page(self, order: UUID, number: int) -> str:
        """The secret address of its page."""
        return self.base + order_page_path(self.order_token(order, number))

    def book(self, order: UUID, number: int) -> str:
        """The secret address of its book."""
        return self.base + book_path(self.order_token(order, number))

    def tribute(self, order: UUID, number: int) -> str:
        """The address of its tribute page; `number` is `tribute_link` of its row."""
        return self.base + tribute_path(written(self.keyring, "tribute", Link(order, number)))
