"""The table of answers: what is said for each state of Redis, of the shop and of PostgreSQL's copy."""

from collections.abc import Callable, Iterator
from itertools import product as combinations

import httpx
import pytest

from esteio.embedded.engines import Engines
from tests.conftest import House
from tests.house import eventually
from tests.store.answers import PATHS, PRODUCT, Store, copied, opened, promptly, title_in

AGE_OF_COPY = 5000
FRESH = 300
EXPECTED: dict[tuple[str, str, str], str] = {
    # Redis       shop       copy
    ("fresh", "healthy", "present"): "HIT",
    ("fresh", "healthy", "absent"): "HIT",
    ("fresh", "stopped", "present"): "HIT",
    ("fresh", "stopped", "absent"): "HIT",
    ("fresh", "hanging", "present"): "HIT",
    ("fresh", "hanging", "absent"): "HIT",
    ("stale", "healthy", "present"): "STALE",
    ("stale", "healthy", "absent"): "STALE",
    ("stale", "stopped", "present"): "STALE",
    ("stale", "stopped", "absent"): "STALE",
    ("stale", "hanging", "present"): "STALE",
    ("stale", "hanging", "absent"): "STALE",
    ("flushed", "healthy", "present"): "MISS",
    ("flushed", "healthy", "absent"): "MISS",
    ("flushed", "stopped", "present"): "FALLBACK",
    ("flushed", "stopped", "absent"): "503",
    ("flushed", "hanging", "present"): "FALLBACK",
    ("flushed", "hanging", "absent"): "503",
    ("stopped", "healthy", "present"): "MISS",
    ("stopped", "healthy", "absent"): "MISS",
    ("stopped", "stopped", "present"): "FALLBACK",
    ("stopped", "stopped", "absent"): "503",
    ("stopped", "hanging", "present"): "FALLBACK",
    ("stopped", "hanging", "absent"): "503",
}
CELLS = [pytest.param(*cell, path, id="-".join((*cell, path))) for cell, path in combinations(EXPECTED, PATHS)]
FAULTS = {"healthy": "none", "stopped": "refused", "hanging": "hang"}
TITLES = {"HIT": "Before", "STALE": "Before", "MISS": "After", "FALLBACK": "From the copy"}


@pytest.fixture(scope="module")
def store(engines: Engines, house: House, new_redis: Callable[[], str]) -> Iterator[Store]:
    with opened(engines, house, new_redis, STORE__FRESH=str(FRESH)) as running:
        yield running


def arrange(store: Store, redis: str, shop: str, copy: str, path: str) -> None:
    """Bring about a cell: the product is called otherwise in Redis, in the shop now, and in the copy."""
    store.reset()
    if copy == "present":
        store.copy(copied(PRODUCT), ago=AGE_OF_COPY)
    store.shop.change(PRODUCT, title="Before")
    assert store.get(path).headers["x-cache"] == "MISS"
    store.shop.change(PRODUCT, title="After")
    store.shop.fault(FAULTS[shop])
    # What the process itself remembers is over after 5 s.
    store.clock.turn(FRESH + 10 if redis == "stale" else 10)
    if redis == "flushed":
        store.flush()
    if redis == "stopped":
        store.redis.set("refuse")


def age_in(redis: str, state: str) -> int:
    waited = FRESH + 10 if redis == "stale" else 10
    return {"MISS": 0, "FALLBACK": AGE_OF_COPY + waited}.get(state, waited)


@pytest.mark.parametrize(("redis", "shop", "copy", "path"), CELLS)
def test_every_cell_is_answered_as_stated(store: Store, redis: str, shop: str, copy: str, path: str) -> None:
    """In every state of the three, list and product of v1 and v2 say what the table says, from where and how old."""
    arrange(store, redis, shop, copy, path)
    expected = EXPECTED[redis, shop, copy]
    with promptly():
        answer = store.get(path)
    if expected == "503":
        refused(answer)
        return
    assert (answer.status_code, answer.headers["x-cache"]) == (200, expected), answer.text
    assert title_in(answer) == TITLES[expected]
    assert int(answer.headers["age"]) == age_in(redis, expected)
    if path.startswith("/api/v2"):
        # That limits are approximate while Redis is away is another warning.
        told = [words for words in answer.json()["warnings"] if "approximate" not in words]
        assert len(told) == (expected in ("STALE", "FALLBACK"))
    if expected == "STALE" and shop == "healthy":
        eventually(lambda: title_in(store.get(path)) == "After")


def refused(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["code"] == "UPSTREAM_UNAVAILABLE"
    assert int(answer.headers["retry-after"]) >= 1


def test_the_table_is_whole() -> None:
    """The table has an answer for every state of Redis, of the shop and of the copy together."""
    parts = [("fresh", "stale", "flushed", "stopped"), tuple(FAULTS), ("present", "absent")]
    assert list(EXPECTED) == list(combinations(*parts))
