"""A customer of PetStory at a served house, and what the tests of orders ask of the database."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from tests.files.shop import rested, work_off
from tests.house import Served

BASE = "/api/v2/petstory"
ORDERS = f"{BASE}/orders"
PHOTOS = Path(__file__).parent / "photos"
REX: dict[str, Any] = {"email": "maria@example.org", "pet_name": "Rex", "words": "He loves the sea."}


@dataclass
class Order:
    """An order as its customer has it: its secret link, and what was last answered of it."""

    shop: "Shop"
    link: str
    data: dict[str, Any] = field(repr=False)

    @property
    def id(self) -> UUID:
        return UUID(self.data["id"])

    @property
    def path(self) -> str:
        return f"{ORDERS}/{self.link}"

    @property
    def state(self) -> str:
        return str(self.read()["state"])

    def read(self) -> dict[str, Any]:
        """The order as it is shown now."""
        return self.took(self.ask("GET"))

    def ask(self, method: str, below: str = "", **options: Any) -> httpx.Response:
        """Whatever comes of a request at an address below the order's."""
        return self.shop.client.request(method, self.path + below, **options)

    def took(self, answer: httpx.Response, status: int = 200) -> dict[str, Any]:
        """The order that was answered, which had to be."""
        assert answer.status_code == status, answer.text
        self.data = answer.json()["data"]
        return self.data

    def change(self, **members: Any) -> dict[str, Any]:
        return self.took(self.ask("PATCH", json=members))

    def send(self, *pictures: bytes, name: str = "rex.jpg") -> httpx.Response:
        """Send photos in one form; whatever comes of it."""
        return self.ask("POST", "/photos", files=[("photos", (name, data, "image/jpeg")) for data in pictures])

    def upload(self, *pictures: bytes) -> dict[str, Any]:
        """Photos that had to be taken."""
        return self.took(self.send(*pictures), 201)

    def preview(self) -> dict[str, Any]:
        return self.took(self.ask("POST", "/preview"), 202)

    def cancel(self) -> dict[str, Any]:
        return self.took(self.ask("POST", "/cancel"))

    def put(self, state: str, **values: Any) -> None:
        """Write a state, and other columns, past every rule."""
        self.shop.put(self.id, state=state, **values)


@dataclass
class Shop:
    """Orders at a house. `client` is who asks; nobody, unless said."""

    served: Served
    client: httpx.Client

    @classmethod
    def at(cls, served: Served) -> "Shop":
        return cls(served, served.anonymous)

    def ask(self, **members: Any) -> httpx.Response:
        """Begin an order; whatever comes of it."""
        return self.client.post(ORDERS, json={**REX, **members})

    def begin(self, **members: Any) -> Order:
        """A new order."""
        answer = self.ask(**members)
        assert answer.status_code == 201, answer.text
        data = answer.json()["data"]
        return Order(self, data["link"], data)

    def with_photos(self, *pictures: bytes, **members: Any) -> Order:
        """A new order with photos, one of its own unless said."""
        order = self.begin(**members)
        order.upload(*(pictures or (picture(),)))
        return order

    def put(self, order: UUID, **values: Any) -> None:
        """Write columns of an order past every rule."""
        names = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, 2))
        self.served.sql(f"UPDATE petstory_orders SET {names} WHERE id = $1", order, *values.values())

    def row(self, order: UUID) -> dict[str, Any]:
        return dict(self.served.sql("SELECT * FROM petstory_orders WHERE id = $1", order)[0])

    def facts(self, order: UUID) -> list[str]:
        """What was told of it, by name, in turn."""
        found = self.served.sql("SELECT name FROM outbox WHERE subject = $1 ORDER BY position", str(order))
        return [row["name"] for row in found]

    def noted(self, order: UUID) -> list[str]:
        """What the audit log has of it, in turn."""
        found = self.served.sql("SELECT action FROM audit_log WHERE subject = $1 ORDER BY at, id", str(order))
        return [row["action"] for row in found]

    def work(self) -> int:
        """Run every job that is due, each once."""
        return work_off(self.served)

    def work_again(self) -> int:
        """The same, with those that rest between two tries."""
        rested(self.served)
        return work_off(self.served)


def picture(seed: int = 1, size: tuple[int, int] = (64, 48)) -> bytes:
    """A small JPEG, another one for each seed."""
    from io import BytesIO

    from PIL import Image

    made = Image.new("RGB", size, (seed * 37 % 256, seed * 91 % 256, seed * 53 % 256))
    made.putpixel((0, 0), (255, 255, 255))
    made.paste((seed % 256, 0, 0), (0, 0, size[0] // 2, size[1] // 2))
    out = BytesIO()
    made.save(out, "JPEG")
    return out.getvalue()


def at_once(times: int, work: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """What came of calls that begin together."""
    gate = threading.Barrier(times)

    def call(number: int) -> httpx.Response:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(call, range(times)))
