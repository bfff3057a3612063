"""Products as callers meet them: cached, conditional, filtered, paged; found missing, kept by jobs."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from esteio.embedded.engines import Engines
from esteio.standins.fakestore import running_fakestore
from tests.cli.command import serving
from tests.conftest import House
from tests.house import ADMIN_KEY, Served, environment, eventually, unused_port
from tests.store.answers import (
    BOUNDS,
    ITEM_V1,
    LIST_V1,
    LIST_V2,
    PATHS,
    PRODUCT,
    Store,
    copied,
    opened,
    products_in,
    sold,
)
from tests.worker.processes import scheduler, worker

CALLERS = 1000


@pytest.fixture(scope="module")
def shared(engines: Engines, house: House, new_redis: Callable[[], str]) -> Iterator[Store]:
    with opened(engines, house, new_redis, STORE__FRESH="100", STORE__STALE="1000", STORE__MISSING="30") as running:
        yield running


@pytest.fixture
def store(shared: Store) -> Store:
    shared.reset()
    return shared


def test_products_are_for_callers_with_an_account_or_key(store: Store) -> None:
    """Nobody without credentials sees products; any key and any user does."""
    for path in PATHS:
        assert store.served.anonymous.get(path).status_code == 401
        with store.served.with_key(store.served.key("pets:write")) as client:
            assert client.get(path).status_code == 200


def test_a_product_is_shown_in_the_stores_own_form(store: Store) -> None:
    """v1 answers plain arrays and objects, v2 the envelope around the same; prices have cents, titles no blanks."""
    store.shop.change(PRODUCT, title=" Cape ", price=22.3, rating=None)
    item = store.get(ITEM_V1)
    assert b'"title":"Cape","price":22.30,' in item.content
    assert item.json()["rating"] is None
    listed = store.get(LIST_V1)
    assert listed.content == b"[" + b",".join(one.json for one in sold(store.shop)) + b"]"
    assert store.get(LIST_V2 + "?per_page=100").json()["data"] == listed.json()
    assert store.get(f"{LIST_V2}/{PRODUCT}").json()["data"] == item.json()


@pytest.mark.parametrize("path", PATHS)
def test_a_hot_answer_comes_from_the_process_and_ages(store: Store, path: str) -> None:
    """The second answer is a HIT from the process's memory, needs neither Redis nor shop, and tells its growing age."""
    assert store.get(path).headers["x-cache"] == "MISS"
    store.flush()
    store.shop.fault("refused")
    for seconds in (2, 4):
        store.clock.turn(2)
        answer = store.get(path)
        assert (answer.headers["x-cache"], answer.headers["age"]) == ("HIT", str(seconds))


@pytest.mark.parametrize("path", PATHS)
def test_the_process_keeps_nothing_beyond_its_freshness(store: Store, path: str) -> None:
    """What is fresh for two more seconds is not repeated after them, and what is stale is not repeated at all."""
    assert store.get(path).headers["x-cache"] == "MISS"
    store.clock.turn(88)
    assert store.get(path).headers["x-cache"] == "HIT"
    store.shop.fault("refused")
    store.clock.turn(13)
    assert store.get(path).headers["x-cache"] == "STALE"
    eventually(store.idle)
    store.flush()
    store.clock.turn(1)
    assert store.get(path).status_code == 503


def test_a_stale_answer_ends_with_its_bound(store: Store) -> None:
    """Past the stale bound what was cached is not shown any more."""
    store.get(LIST_V1)
    store.shop.fault("refused")
    store.clock.turn(1000)
    assert store.get(LIST_V1).headers["x-cache"] == "STALE"
    store.clock.turn(101)
    assert store.get(LIST_V1).status_code == 503


@pytest.mark.parametrize("path", PATHS)
def test_an_unchanged_answer_is_not_sent_again(store: Store, path: str) -> None:
    """The tag of an answer stays while what is shown stays, wherever it comes from: 304; a change makes another tag."""
    tag = store.get(path).headers["etag"]
    for ready in (lambda: None, lambda: store.clock.turn(60), store.flush):
        ready()
        answer = store.get(path, **{"If-None-Match": tag})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    store.shop.change(PRODUCT, price=1)
    store.flush()
    store.clock.turn(60)
    answer = store.get(path, **{"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["etag"] != tag


@pytest.mark.parametrize("fault", ["none", "empty", "null", "object"])
def test_a_missing_product_is_a_404_and_remembered_briefly(store: Store, fault: str) -> None:
    """However the shop says that there is no such product, it is a 404, asked for once in half a minute."""
    store.shop.remove(PRODUCT)
    store.shop.fault(fault, f"/products/{PRODUCT}")
    for _ in range(3):
        answer = store.get(ITEM_V1)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "NOT_FOUND")
    assert store.shop.calls(f"/products/{PRODUCT}") == 1
    store.shop.reset()
    store.clock.turn(31)
    assert store.get(ITEM_V1).status_code == 200


@pytest.mark.parametrize("number", ["abc", "0", "-1", "1.0", "+1", "1_0", "%201", "2147483648", "9" * 30, "null"])
def test_what_is_no_number_never_reaches_the_shop(store: Store, number: str) -> None:
    """Anything but a positive integer is refused with 422 before the shop is called, which would never answer."""
    for base in (LIST_V1, LIST_V2):
        assert store.get(f"{base}/{number}").status_code == 422
    assert store.shop.calls() == 0


def test_one_cached_product_never_shortens_the_list(store: Store) -> None:
    """Neither a cached nor a stored single product is ever taken for the whole list."""
    store.get(ITEM_V1)
    assert len(store.get(LIST_V1).json()) == 20
    store.reset()
    store.get(ITEM_V1)
    store.copy(copied(PRODUCT), ago=10, whole=False)
    store.shop.fault("refused")
    assert store.get(LIST_V1).status_code == 503
    store.flush()
    store.clock.turn(10)
    assert store.get(LIST_V1).status_code == 503
    assert store.get(ITEM_V1).headers["x-cache"] == "FALLBACK"


def test_a_vanished_product_is_gone_from_the_copy(store: Store) -> None:
    """Of what has vanished the copy shows nothing: 404 by itself, absent from the list."""
    store.copy(copied(PRODUCT), copied(4), ago=100)
    store.copy(copied(4), ago=50)
    store.shop.fault("refused")
    assert store.get(ITEM_V1).status_code == 404
    answer = store.get(LIST_V1)
    assert ([one["id"] for one in answer.json()], answer.headers["age"]) == ([4], "50")


SELECTIONS: list[tuple[str, Callable[[Any], bool]]] = [
    ("category=electronics", lambda one: one.category == "electronics"),
    ("category=men's%20clothing", lambda one: one.category == "men's clothing"),
    ("category=furniture", lambda _: False),
    ("price_min=99&price_max=134", lambda one: 99 <= one.price <= 134),
    ("price_min=0.10&price_max=9.99", lambda one: one.price <= 10),
    ("text=RAIN", lambda one: "rain" in (one.title + one.description).lower()),
    ("text=drive&category=electronics&price_max=100", lambda one: one.id == 11),
]


@pytest.mark.parametrize(("query", "meant"), SELECTIONS, ids=[query for query, _ in SELECTIONS])
@pytest.mark.parametrize("state", ["MISS", "HIT", "STALE", "FALLBACK"])
def test_filters_mean_the_same_wherever_products_come_from(
    store: Store, state: str, query: str, meant: Callable[[Any], bool]
) -> None:
    """Filters and pages select from the whole list, be it just fetched, cached, stale or the copy, in v1 and v2."""
    everything = sold(store.shop)
    if state == "FALLBACK":
        store.copy(*everything, ago=10)
    elif state != "MISS":
        store.get(LIST_V1)
    store.clock.turn(105 if state == "STALE" else 10)
    store.shop.fault("none" if state == "MISS" else "refused")
    expected = [one.id for one in everything if meant(one)]
    for base in (LIST_V1, LIST_V2):
        answer = store.get(f"{base}?{query}")
        assert [one["id"] for one in products_in(answer)] == expected
        assert answer.headers["x-cache"] in (state, "HIT" if state == "MISS" else state)


def test_v1_pages_by_skip_and_limit(store: Store) -> None:
    """`skip` and `limit` cut the ordered list, and what v1 does not know it ignores."""
    ordered = [one.id for one in sorted(sold(store.shop), key=lambda one: (-one.price, -one.id))]
    answer = store.get(LIST_V1 + "?sort_by=price&sort_order=desc&skip=3&limit=4&page=9")
    assert [one["id"] for one in answer.json()] == ordered[3:7]
    assert store.get(LIST_V1 + "?skip=100").json() == []


def test_v2_pages_by_number_and_by_cursor(store: Store) -> None:
    """Both ways visit every product once in the order asked for, and say how to go on."""
    ordered = [one.id for one in sorted(sold(store.shop), key=lambda one: (one.title.casefold(), one.id))]
    page = store.get(LIST_V2 + "?sort_by=title&page=3&per_page=8").json()
    assert [one["id"] for one in page["data"]] == ordered[16:]
    assert (page["meta"]["pagination"]["total"], page["meta"]["pagination"]["has_next"]) == (20, False)
    seen, path = [], LIST_V2 + "?sort_by=title&limit=7"
    while path:
        page = store.get(path).json()
        seen += [one["id"] for one in page["data"]]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert seen == ordered
    back = next(link["href"] for link in page["links"] if link["rel"] == "prev")
    assert [one["id"] for one in store.get(back).json()["data"]] == ordered[7:14]


@pytest.mark.parametrize(
    "query",
    [
        "per_page=101",
        "page=0",
        "nonsense=1",
        "sort_by=cost",
        "price_min=-1",
        "price_min=NaN",
        "price_max=x",
        "text=",
        "page=1&limit=5",
        "sort_order=up",
    ],
)
def test_what_v2_does_not_understand_it_refuses(store: Store, query: str) -> None:
    """Unknown parameters and values that are not acceptable are 422, and the shop is not called for them."""
    assert store.get(f"{LIST_V2}?{query}").status_code == 422
    assert store.shop.calls() == 0


def test_a_cursor_of_another_order_is_refused(store: Store) -> None:
    """A cursor holds for the filters and order it was made for."""
    links = store.get(LIST_V2 + "?sort_by=price&limit=5").json()["links"]
    following = next(link["href"] for link in links if link["rel"] == "next")
    assert store.get(following).status_code == 200
    assert store.get(following.replace("sort_by=price", "sort_by=title")).status_code == 400


def test_the_same_products_are_ordered_to_be_kept_once(store: Store) -> None:
    """What is fetched again unchanged within a short time makes no further job; what has changed does."""
    store.get(LIST_V1)
    before = len(eventually(store.orders))
    store.flush()
    store.clock.turn(10)
    store.get(LIST_V1)
    eventually(store.idle)
    assert len(store.orders()) == before
    store.shop.change(PRODUCT, title="As nowhere else")
    store.flush()
    store.clock.turn(10)
    store.get(LIST_V1)
    eventually(lambda: len(store.orders()) == before + 1)


def test_what_was_fetched_is_kept_by_a_job(
    house: House, new_database: Callable[[], str], new_redis: Callable[[], str]
) -> None:
    """Fetched products become rows, changed ones change, what vanishes is marked, and then the copy answers."""
    bases = {"database_url": new_database(), "redis_url": new_redis()}
    with running_fakestore() as shop, ExitStack() as stack:
        changes = {**BOUNDS, "STORE__UPSTREAM_URL": shop.url, "STORE__FRESH": "1", "STORE__STALE": "0"}
        given = environment(bases["database_url"], bases["redis_url"], **changes)
        stack.enter_context(scheduler(given, services=None))
        stack.enter_context(worker(given, queues="io", services=None))
        served = stack.enter_context(house(**bases, **changes))
        served.client.get(LIST_V1)
        eventually(lambda: rows(served)[PRODUCT] == (shop.product(PRODUCT)["price"], True))
        assert len(rows(served)) == 20
        shop.change(4, price="5.5")
        shop.remove(PRODUCT)
        eventually(lambda: served.client.get(ITEM_V1).status_code == 404)
        eventually(lambda: not rows(served)[PRODUCT][1])
        eventually(lambda: served.client.get(LIST_V1) and rows(served)[4] == (5.5, True))
        shop.fault("refused")
        answer = eventually(lambda: from_copy(served))
        assert [one["id"] for one in answer.json()] == [number for number in range(1, 21) if number != PRODUCT]


def rows(served: Served) -> dict[int, tuple[float, bool]]:
    """Of each product in the copy: its price, and whether it is shown."""
    found = served.sql("SELECT id, price, vanished_at FROM store_products")
    return {row["id"]: (float(row["price"]), row["vanished_at"] is None) for row in found} or {PRODUCT: (0, False)}


def from_copy(served: Served) -> httpx.Response | None:
    answer = served.client.get(LIST_V1)
    return answer if answer.headers.get("x-cache") == "FALLBACK" else None


def test_a_thousand_misses_over_two_processes_are_one_call(
    new_database: Callable[[], str], new_redis: Callable[[], str]
) -> None:
    """On a cold start the shop is called once, however many callers of two API processes want the list."""
    with running_fakestore() as shop, ExitStack() as stack:
        given = environment(
            new_database(),
            new_redis(),
            STORE__UPSTREAM_URL=shop.url,
            STORE__READ_TIMEOUT="25",
            STORE__TOTAL_TIMEOUT="30",
            HTTP__TIME_BUDGET="60",
            HTTP__MAX_RUNNING=str(CALLERS),
        )
        servers = [stack.enter_context(serving(unused_port(), environment=given)) for _ in range(2)]
        shop.fault("hang", seconds=2)
        answers = asyncio.run(at_once([server.port for server in servers]))
        failed = [server.text for server in servers if '"level":"error"' in server.text]
        assert {status for status, _, _ in answers} == {200}, failed
        assert {state for _, state, _ in answers} <= {"MISS", "HIT"}
        assert len({body for _, _, body in answers}) == 1
        assert shop.calls("/products") == 1


async def at_once(ports: list[int]) -> list[tuple[int, str, bytes]]:
    """Ask for the list on as many connections as there are callers, all of them open before the first word is said."""
    lines = [await asyncio.open_connection("127.0.0.1", ports[turn % len(ports)]) for turn in range(CALLERS)]
    head = f"GET {LIST_V1} HTTP/1.1\r\nHost: api.example.org\r\nX-API-Key: {ADMIN_KEY}\r\nConnection: close\r\n\r\n"
    for _, writer in lines:
        writer.write(head.encode())
    try:
        async with asyncio.timeout(60):
            return [answer_in(said) for said in await asyncio.gather(*(reader.read() for reader, _ in lines))]
    finally:
        for _, writer in lines:
            writer.close()


def answer_in(said: bytes) -> tuple[int, str, bytes]:
    """Status, state and body of a whole answer as it came."""
    head, _, body = said.partition(b"\r\n\r\n")
    first, *fields = head.decode().lower().split("\r\n")
    named = dict(field.split(": ", 1) for field in fields)
    return int(first.split()[1]), named.get("x-cache", "").upper(), body
