"""A house and its shop, with a network to Redis that can be cut, and a clock that is turned."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
import redis

from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.embedded.engines import Engines
from esteio.services.store import copies
from esteio.services.store.products import Product, product_of
from esteio.standins.fakestore import Shop, running_fakestore
from tests.conftest import House
from tests.faults.conftest import valkey_socket
from tests.faults.proxy import Proxy, proxied
from tests.house import Served, eventually

PRODUCT = 3
LIST_V1, ITEM_V1 = "/api/v1/fakestoreapi", f"/api/v1/fakestoreapi/{PRODUCT}"
LIST_V2, ITEM_V2 = "/api/v2/fakestoreapi", f"/api/v2/fakestoreapi/{PRODUCT}"
PATHS = (LIST_V1, ITEM_V1, LIST_V2, ITEM_V2)

PROMISED = 2.0
LENIENCY = 3
"""A busy machine alone is no reason for a test to fail."""

BOUNDS = {
    "STORE__CONNECT_TIMEOUT": "1.2",
    "STORE__READ_TIMEOUT": "1.3",
    "STORE__TOTAL_TIMEOUT": "1.4",
    "STORE__COPY_TIMEOUT": "4",
    "STORE__BREAKER_FAILURES": "1000",
}
"""The bound on the shop as it is by default, more patience where only a busy machine would need it."""


@dataclass
class Store:
    """A served house whose shop and Redis a test may harm."""

    served: Served
    shop: Shop
    clock: TurnableClock
    redis: Proxy
    redis_url: str

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.served.client.get(path, headers=headers)

    def reset(self) -> None:
        """All parties are well, nothing is cached anywhere, nothing is in the copy."""
        self.redis.set("pass")
        self.shop.reset()
        eventually(self.in_touch)
        eventually(self.idle)
        self.flush()
        self.clock.turn(60)
        self.served.sql("DELETE FROM store_products")

    def in_touch(self) -> bool:
        resources = self.served.app.resources
        return resources.redis.available and resources.bulletin.connected

    def idle(self) -> bool:
        """Whether nothing is being fetched in the background, which would be laid down later."""

        async def fetching() -> list[str]:
            running = [task.get_coro() for task in asyncio.all_tasks()]
            names = [getattr(one, "__qualname__", "") for one in running]
            return [name for name in names if name.startswith(("UpstreamCache.", "Flights."))]

        return not self.served.run(fetching)

    def flush(self) -> None:
        """Redis loses all it holds."""
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushdb()

    def copy(self, *products: Product, ago: float, whole: bool = True) -> None:
        """Put products into PostgreSQL's copy as they were fetched so many seconds ago."""
        at = datetime.fromtimestamp(self.clock.timestamp() - ago, UTC)

        async def take() -> None:
            async with transaction(self.served.app.resources.database, DEFAULT_TENANT) as session:
                await copies.take_in(session, products, at)
                if whole:
                    await copies.mark_list(session, [one.id for one in products], [], at)

        self.served.run(take)

    def orders(self) -> list[dict[str, Any]]:
        """What was ordered to be kept, the oldest first."""
        found = self.served.sql("SELECT payload FROM jobs WHERE name = 'store.persist' ORDER BY created_at, id")
        return [httpx.Response(200, content=row["payload"]).json() for row in found]


@contextmanager
def opened(engines: Engines, house: House, new_redis: Callable[[], str], **changes: str) -> Iterator[Store]:
    """A house on databases of its own, its shop beside it."""
    redis_url, clock = new_redis(), TurnableClock(datetime.now(UTC))
    number = urlsplit(redis_url).query.partition("db=")[2]
    with running_fakestore() as shop, proxied(valkey_socket(engines)) as way:
        given = {"redis_url": f"redis://127.0.0.1:{way.port}/{number}", "STORE__UPSTREAM_URL": shop.url}
        with house(clock=clock, **{**given, **BOUNDS, **changes}) as served:
            try:
                yield Store(served, shop, clock, way, redis_url)
            finally:
                way.set("pass")


def copied(number: int, title: str = "From the copy") -> Product:
    """A product that only the copy has in this form."""
    return Product(number, title, Decimal("1.50"), "", "electronics", "")


def sold(shop: Shop) -> list[Product]:
    return [product_of(raw) for raw in shop.products()]


def products_in(answer: httpx.Response) -> list[dict[str, Any]]:
    """The products of an answer, be it of v1 or v2, of the list or of one."""
    body = answer.json()
    data = body["data"] if isinstance(body, dict) and "success" in body else body
    return data if isinstance(data, list) else [data]


def title_in(answer: httpx.Response) -> str:
    """How the product that all paths show is called."""
    title: str = next(one["title"] for one in products_in(answer) if one["id"] == PRODUCT)
    return title


@contextmanager
def promptly(most: float = PROMISED) -> Iterator[None]:
    """Fails when the block takes longer than was promised, with leniency."""
    began = monotonic()
    yield
    seconds = monotonic() - began
    assert seconds <= most * LENIENCY, f"it took {seconds:.2f} s"
