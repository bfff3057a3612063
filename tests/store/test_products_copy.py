"""PostgreSQL's copy of the products: what the job writes, in whichever order it comes."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.services.store import copies
from esteio.services.store.jobs.persisting import pause
from esteio.services.store.products import MOST, Listed, Product
from esteio.services.store.queries import has_products, listed_products, seen_product
from esteio.services.store.tasks import PERSIST, PORTION, orders_of_list
from tests.conftest import House
from tests.house import Served

T0 = datetime(2026, 1, 1, tzinfo=UTC)
LATER, LATEST = T0 + timedelta(minutes=5), T0 + timedelta(minutes=10)


@pytest.fixture
def served(house: House, new_database: Callable[[], str]) -> Iterator[Served]:
    with house(database_url=new_database()) as running:
        yield running


def product(number: int, title: str = "Lamp", price: str = "20.00") -> Product:
    return Product(number, title, Decimal(price), "", "electronics", "")


def take(served: Served, products: list[Product], at: datetime, *, whole: bool = False) -> bool:
    """Keep what was fetched, as the job does."""

    async def taking() -> bool:
        async with transaction(served.app.resources.database, DEFAULT_TENANT) as session:
            await copies.take_in(session, products, at)
            return not whole or await copies.mark_list(session, [one.id for one in products], [], at)

    return served.run(taking)


def miss(served: Served, number: int, at: datetime) -> None:
    async def missing() -> None:
        async with transaction(served.app.resources.database, DEFAULT_TENANT) as session:
            await copies.mark_vanished(session, [number], at)

    served.run(missing)


def listed(served: Served) -> list[int] | None:
    found = served.run(lambda: listed_products(served.app.resources.database))
    return None if found is None else [one.id for one in found[0]]


def rows(served: Served) -> list[tuple[object, ...]]:
    columns = "id, title, price, seen_at, listed_at, vanished_at"
    return [tuple(row) for row in served.sql(f"SELECT {columns} FROM store_products ORDER BY id")]


def test_a_copy_is_the_product(served: Served) -> None:
    """What is read back is what was kept, prices and ratings to the digit, with when it was fetched."""
    kept = Product(7, "Ring “Two”", Decimal("9999999999.99"), "a\nb", "jewelery", "", Decimal("4.80"), 27)
    take(served, [kept], T0)
    seen = served.run(lambda: seen_product(served.app.resources.database, 7))
    assert seen is not None
    assert (seen.product, seen.product.json, seen.at, seen.vanished) == (kept, kept.json, T0, False)


def test_an_older_fetch_does_not_overwrite(served: Served) -> None:
    """A fetch that arrives late changes nothing that a later one has said."""
    take(served, [product(1, "New", "2.00")], LATER)
    take(served, [product(1, "Old", "1.00")], T0)
    assert [row[:4] for row in rows(served)] == [(1, "New", Decimal("2.00"), LATER)]
    take(served, [product(1, "Newest", "3.00")], LATEST)
    assert [row[:4] for row in rows(served)] == [(1, "Newest", Decimal("3.00"), LATEST)]


def test_what_the_list_lacks_is_marked_and_comes_back(served: Served) -> None:
    """A product that a whole list lacks is marked, not removed, and unmarked once it is seen again."""
    take(served, [product(1), product(2)], T0, whole=True)
    take(served, [product(1)], LATER, whole=True)
    assert listed(served) == [1]
    assert [row[5] for row in rows(served)] == [None, LATER]
    take(served, [product(1), product(2)], LATEST, whole=True)
    assert listed(served) == [1, 2]


def test_a_missing_product_stays_missing_for_older_lists(served: Served) -> None:
    """A list that was fetched before a product was found to be gone does not bring it back; a later one does."""
    take(served, [product(1), product(2)], T0, whole=True)
    miss(served, 2, LATEST)
    take(served, [product(1), product(2)], LATER, whole=True)
    assert listed(served) == [1]
    take(served, [product(1), product(2)], LATEST + timedelta(seconds=1), whole=True)
    assert listed(served) == [1, 2]


def test_single_products_are_no_list(served: Served) -> None:
    """As long as no whole list was fetched there is none to show, however many single products are kept."""
    take(served, [product(1), product(2)], T0)
    assert listed(served) is None
    assert served.run(lambda: has_products(served.app.resources.database))
    take(served, [product(1), product(2), product(3)], LATER, whole=True)
    assert listed(served) == [1, 2, 3]


def test_unread_products_do_not_vanish(served: Served) -> None:
    """Products of the list that could not be read keep their place; where ids are unknown nothing vanishes."""
    database = served.app.resources.database
    take(served, [product(1), product(2), product(3)], T0, whole=True)

    async def mark(others: list[int] | None, at: datetime) -> None:
        async with transaction(database, DEFAULT_TENANT) as session:
            await copies.mark_list(session, [1], others, at)

    served.run(lambda: mark(None, LATER))
    assert listed(served) == [1, 2, 3]
    served.run(lambda: mark([2], LATER))
    assert listed(served) == [1, 2]


def test_a_list_waits_for_its_products(served: Served) -> None:
    """A list of which some products are not kept yet says so, that it may be marked later."""
    assert take(served, [product(1)], T0, whole=True)

    async def mark() -> bool:
        async with transaction(served.app.resources.database, DEFAULT_TENANT) as session:
            return await copies.mark_list(session, [1, 2], [], LATER)

    assert served.run(mark) is False


def test_any_order_leads_to_the_same(served: Served) -> None:
    """Once the last fetch is kept, the same products are shown in whichever order the others were kept."""
    lists = [(T0, [1, 2, 3]), (T0 + timedelta(1), [1, 3, 4]), (T0 + timedelta(2), [2, 4]), (T0 + timedelta(3), [2, 5])]

    def outcome(order: list[tuple[datetime, list[int]]]) -> list[tuple[object, ...]]:
        served.sql("DELETE FROM store_products")
        for at, ids in [*order, lists[-1]]:
            take(served, [product(number, f"{number} at {at}") for number in ids], at, whole=True)
        take(
            served,
            [product(number, f"{number} at {lists[-1][0]}") for number in lists[-1][1]],
            lists[-1][0],
            whole=True,
        )
        return [row[:4] for row in rows(served) if row[5] is None]

    expected = outcome(lists)
    assert [row[0] for row in expected] == [2, 5]
    for seed in range(5):
        shuffled = random.Random(seed).sample(lists * 2, 8)
        assert outcome(shuffled) == expected


def test_a_list_waits_for_its_products_for_minutes() -> None:
    """The tries of a list whose products are still being kept last for two minutes, and the first comes soon."""
    pauses = [pause(attempt) for attempt in range(1, PERSIST.retry.tries)]
    assert pauses[0] <= 2
    assert sum(pauses) >= 120


def test_a_long_list_is_kept_in_portions() -> None:
    """Orders of the largest list stay below what a job may carry, and only the last one says that it is whole."""
    long = Product(1, "t" * 500, Decimal(1), "d" * 10_000, "c", "i" * 2000)
    products = tuple(
        Product(number, long.title, long.price, long.description, "c", "") for number in range(1, MOST + 1)
    )
    orders = orders_of_list(Listed(products), 0.0)
    assert all(len(order.model_dump_json()) < 2 * PORTION for order in orders)
    assert [order.whole is None for order in orders] == [True] * (len(orders) - 1) + [False]
    assert (
        sum(len(order.products) for order in orders) == MOST == len(orders[-1].whole.listed if orders[-1].whole else [])
    )
