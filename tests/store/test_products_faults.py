"""The shop in each of its faults, a breaker that is open, a database that is silent."""

from collections.abc import Callable, Iterator
from itertools import product as combinations

import pytest

from esteio.embedded.engines import Engines
from esteio.standins.fakestore import running_fakestore
from esteio.standins.faults import WORDS
from tests.conftest import House
from tests.faults.conftest import postgres_socket, through
from tests.faults.proxy import Mode, proxied
from tests.house import eventually
from tests.store.answers import ITEM_V1, LIST_V1, LIST_V2, PRODUCT, Store, copied, opened, promptly

NOTHING = {"empty", "null", "object"}
"""So the shop says that it has no such product; of the list it is a failure."""

CELLS = [
    pytest.param(fault, path, id=f"{fault}-{path}")
    for fault, path in combinations(sorted({*WORDS} - {"flapping"}), (LIST_V1, ITEM_V1))
]


@pytest.fixture(scope="module")
def shared(engines: Engines, house: House, new_redis: Callable[[], str]) -> Iterator[Store]:
    with opened(engines, house, new_redis) as running:
        yield running


@pytest.fixture
def store(shared: Store) -> Store:
    shared.reset()
    return shared


@pytest.mark.parametrize(("fault", "path"), CELLS)
def test_each_fault_is_answered_as_stated(store: Store, fault: str, path: str) -> None:
    """Within the bound: the product where the shop gave it, 404 where it has none, the copy otherwise, else 503."""
    store.shop.fault(fault)
    with promptly():
        answer = store.get(path)
    if fault == "none":
        assert (answer.status_code, answer.headers["x-cache"]) == (200, "MISS"), answer.text
        return
    if fault in NOTHING and path == ITEM_V1:
        assert answer.status_code == 404
        return
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "UPSTREAM_UNAVAILABLE"), answer.text
    assert int(answer.headers["retry-after"]) >= 1
    store.copy(copied(PRODUCT), ago=60)
    with promptly():
        answer = store.get(path)
    assert (answer.status_code, answer.headers["x-cache"]) == (200, "FALLBACK"), answer.text
    assert "From the copy" in answer.text


@pytest.mark.parametrize("path", [LIST_V1, ITEM_V1])
def test_one_failure_is_made_good_by_another_try(
    engines: Engines, house: House, new_redis: Callable[[], str], path: str
) -> None:
    """A shop that fails every other call is called twice, and the caller has its products."""
    with opened(engines, house, new_redis) as store:
        store.shop.fault("flapping")
        with promptly():
            answer = store.get(path)
        assert (answer.status_code, answer.headers["x-cache"]) == (200, "MISS"), answer.text
        assert store.shop.calls() == 2


@pytest.mark.parametrize("fault", ["error_500", "hang"])
def test_an_open_breaker_answers_without_the_shop(
    engines: Engines, house: House, new_redis: Callable[[], str], fault: str
) -> None:
    """Once enough calls have failed the shop is not called, answers come from the copy, and it is tried again later."""
    with opened(engines, house, new_redis, STORE__BREAKER_FAILURES="2", STORE__BREAKER_REST="5") as store:
        store.copy(copied(PRODUCT), ago=60)
        store.shop.fault(fault)
        for _ in range(3):
            assert store.get(LIST_V1).headers["x-cache"] == "FALLBACK"
        store.shop.forget()
        with promptly():
            answers = [store.get(path) for path in (LIST_V1, ITEM_V1, LIST_V2) for _ in range(5)]
        assert {answer.headers["x-cache"] for answer in answers} == {"FALLBACK"}
        assert store.shop.calls() == 0
        store.shop.reset()

        def back() -> bool:
            store.clock.turn(6)
            return store.get(LIST_V1).headers["x-cache"] == "MISS"

        eventually(back, every=0.5)


@pytest.mark.parametrize("mode", ["silent", "refuse"])
def test_a_database_that_is_away_is_not_waited_for(
    engines: Engines, house: House, new_redis: Callable[[], str], new_database: Callable[[], str], mode: Mode
) -> None:
    """With the database silent or gone the shop's products are answered, and without the shop a 503 comes in time."""
    with proxied(postgres_socket(engines)) as way:
        address = through(way, new_database())
        with opened(engines, house, new_redis, database_url=address, STORE__COPY_TIMEOUT="0.4") as store:
            assert store.get(LIST_V1).status_code == 200
            store.flush()
            store.clock.turn(60)
            way.set(mode)
            try:
                with promptly():
                    answer = store.get(LIST_V1)
                assert (answer.status_code, answer.headers["x-cache"]) == (200, "MISS")
                store.flush()
                store.clock.turn(60)
                store.shop.fault("refused")
                for path in (LIST_V1, ITEM_V1, LIST_V2):
                    with promptly():
                        answer = store.get(path)
                    assert answer.status_code == 503, answer.text
                    assert "retry-after" in answer.headers
            finally:
                way.set("pass")


def test_a_404_of_the_shop_is_a_missing_product_and_no_list(house: House) -> None:
    """Where the shop answers 404 there is no such product, but a list there must be."""
    with running_fakestore() as shop, house(STORE__UPSTREAM_URL=f"{shop.url}/nowhere") as served:
        assert served.client.get(ITEM_V1).status_code == 404
        assert served.client.get(LIST_V1).status_code == 503


def test_an_empty_list_is_not_believed(store: Store) -> None:
    """An empty list is an empty shop while the copy knows no product, and a failure where it does."""
    for product in store.shop.products():
        store.shop.remove(product["id"])
    answer = store.get(LIST_V1)
    assert (answer.status_code, answer.content, answer.headers["x-cache"]) == (200, b"[]", "MISS")
    store.flush()
    store.clock.turn(60)
    store.copy(copied(1), copied(2), ago=60)
    answer = store.get(LIST_V1)
    assert (answer.headers["x-cache"], [one["id"] for one in answer.json()]) == ("FALLBACK", [1, 2])


def test_a_malformed_product_is_left_out_and_not_taken_for_vanished(store: Store) -> None:
    """One product that cannot be read leaves the other 19 in the list, and by itself it is a failure, not a 404."""
    store.shop.change(PRODUCT, price="free")
    answer = store.get(LIST_V1)
    assert answer.headers["x-cache"] == "MISS"
    assert [one["id"] for one in answer.json()] == [number for number in range(1, 21) if number != PRODUCT]
    order = eventually(store.orders)[-1]
    assert order["whole"]["others"] == [PRODUCT]
    assert store.get(ITEM_V1).status_code == 503
    store.copy(copied(PRODUCT), ago=60)
    assert store.get(ITEM_V1).headers["x-cache"] == "FALLBACK"
