"""The shop for the time of a block: `with running_fakestore() as shop: …`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from esteio.standins.fakestore.site import FakeStore
from esteio.standins.running import Running, running


class Shop(Running):
    """A running shop, whose products a test may change."""

    _site: FakeStore

    def product(self, number: int) -> dict[str, Any]:
        """A product as it is now. Raises `KeyError`."""
        return self.do(lambda: deepcopy(self._site.shelf.products[number]))

    def products(self) -> list[dict[str, Any]]:
        return self.do(lambda: deepcopy([*self._site.shelf.products.values()]))

    def remove(self, number: int) -> None:
        """Make a product vanish."""
        self.do(lambda: self._site.shelf.remove(number))

    def change(self, number: int, **members: Any) -> None:
        """Change members of a product, or add one with just these; whatever is given is answered as it is."""
        self.do(lambda: self._site.shelf.change(number, members))


@contextmanager
def running_fakestore(port: int = 0) -> Iterator[Shop]:
    """The shop on a free port (or this one) of the loopback address until the block ends."""
    site = FakeStore()
    with running(site, Shop, port) as shop:
        shop._site = site
        yield shop
