"""What the shop has now."""

from __future__ import annotations

from typing import Any

from esteio.standins.fakestore.carts import CARTS
from esteio.standins.fakestore.products import PRODUCTS
from esteio.standins.fakestore.users import USERS

Row = dict[str, Any]


class Shelf:
    """Products, carts and users by number. Only the control changes them: the shop stores nothing it is sent.

    What changes is a row made anew: the rows themselves are everybody's.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.products: dict[int, Row] = {one["id"]: one for one in PRODUCTS}
        self.carts: dict[int, Row] = {one["id"]: one for one in CARTS}
        self.users: dict[int, Row] = {one["id"]: one for one in USERS}

    def remove(self, number: int) -> None:
        """Raises `KeyError` where there is no such product."""
        del self.products[number]

    def change(self, number: int, members: Row) -> None:
        """Change a product, or add one that has just these members; a member that is None is answered as null."""
        self.products[number] = self.products.get(number, {"id": number}) | members

    def categories(self) -> list[str]:
        return sorted({str(one["category"]) for one in self.products.values() if "category" in one})
