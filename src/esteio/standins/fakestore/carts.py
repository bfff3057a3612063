"""What the invented people have in their carts."""

from __future__ import annotations

from typing import Any


def _cart(number: int, user: int, day: str, *lines: tuple[int, int]) -> dict[str, Any]:
    products = [{"productId": product, "quantity": quantity} for product, quantity in lines]
    return {"id": number, "userId": user, "date": f"{day}T00:00:00.000Z", "products": products, "__v": 0}


CARTS = (
    _cart(1, 1, "2024-01-15", (1, 2), (6, 1), (18, 3)),
    _cart(2, 1, "2024-02-03", (4, 1)),
    _cart(3, 3, "2024-02-20", (11, 1), (12, 1)),
    _cart(4, 4, "2024-03-09", (2, 4), (9, 1), (15, 1)),
    _cart(5, 8, "2024-03-09", (20, 2)),
    _cart(6, 5, "2024-05-30", (7, 1), (8, 6)),
    _cart(7, 2, "2024-08-12", (13, 1)),
)
