"""Many callers at once while a table of the database cannot be had: nothing piles up behind it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import asyncpg
import pytest

from esteio.embedded.engines import Engines
from tests.conftest import House
from tests.house import AMPLE, Served, eventually
from tests.store.answers import LIST_V1, LIST_V2, PRODUCT, Store, copied, opened

CROWD = 12


@pytest.fixture
def store(engines: Engines, house: House, new_redis: Callable[[], str]) -> Iterator[Store]:
    with opened(engines, house, new_redis) as running:
        yield running


@contextmanager
def locked(served: Served, table: str) -> Iterator[Callable[[], int]]:
    """Nobody can read or write the table until the block ends; it is given how many statements wait for it."""

    async def lock() -> asyncpg.Connection:
        connection = await asyncpg.connect(served.database_url.replace("//esteio@", "//postgres@"), timeout=AMPLE)
        await connection.execute("BEGIN")
        await connection.execute(f"LOCK TABLE {table}")
        return connection

    def waiting() -> int:
        count = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::text::regclass"
        found: int = served.sql(count, table)[0][0]
        return found

    holder = served.run(lock)
    try:
        yield waiting
    finally:
        served.run(holder.close)


def test_the_copy_is_read_once_for_all_who_wait(store: Store) -> None:
    """However many callers need the copied list at once there is one read of it, and all of them get it."""
    store.shop.fault("refused")
    store.copy(copied(PRODUCT), ago=60)
    with ThreadPoolExecutor(CROWD) as crowd:
        with locked(store.served, "store_products") as waiting:
            asking = [crowd.submit(store.get, path) for path in (LIST_V1, LIST_V2) * (CROWD // 2)]
            eventually(waiting)
            most = max(waiting() for _ in range(20))
        answers = [one.result() for one in asking]
    assert most == 1
    assert {answer.headers["x-cache"] for answer in answers} == {"FALLBACK"}


def test_orders_do_not_pile_up(store: Store) -> None:
    """Without Redis the shop is asked again and again; what it says is ordered once, however long that takes."""
    store.redis.set("refuse")
    with locked(store.served, "jobs") as waiting:
        answers = [store.get(LIST_V1) for _ in range(CROWD)]
        eventually(waiting)
        most = max(waiting() for _ in range(20))
    assert {answer.headers["x-cache"] for answer in answers} == {"MISS"}
    assert most == 1
    assert len(eventually(store.orders)) == 1
