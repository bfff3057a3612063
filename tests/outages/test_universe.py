"""The universe: loaded whole or by the pair, guarded by its tag, in JSON and CSV."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from esteio.base.clock import SystemClock
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.db.transaction import transaction
from esteio.services.outages.roraima import MUNICIPIOS, SAMPLE
from esteio.services.outages.use_cases.universe import load_roraima
from tests.conftest import House
from tests.contract.problems import problem
from tests.house import Served

BASE = "/api/v2/outages/universe"
TWO = [
    {"conjunto": 12727, "municipio": 1400100, "served": 31400},
    {"conjunto": 17354, "municipio": 1400233, "served": 2900},
]


@pytest.fixture(scope="module")
def house_of_outages(house: House) -> Iterator[Served]:
    with house() as running:
        yield running


@pytest.fixture
def served(house_of_outages: Served) -> Served:
    """A house without any universe, which is then loaded with two pairs."""
    house_of_outages.client.put(BASE, json=[])
    assert house_of_outages.client.put(BASE, json=TWO).status_code == 200
    return house_of_outages


def pairs(served: Served) -> list[tuple[int, int, int]]:
    found = served.client.get(BASE).json()["data"]
    return [(row["conjunto"], row["municipio"], row["served"]) for row in found]


def csv(served: Served, content: str | bytes, kind: str = "text/csv") -> httpx.Response:
    return served.client.put(BASE, content=content, headers={"Content-Type": kind})


def test_a_load_replaces_the_universe_whole(served: Served) -> None:
    """What is loaded is all there is; the same again changes nothing and keeps its tag."""
    rows = served.client.get(BASE).json()["data"]
    assert [(row["municipio"], row["name"]) for row in rows] == [(1400100, "Boa Vista"), (1400233, "Caroebe")]
    answer = served.client.put(BASE, json=[{**TWO[0], "served": 5}, {"conjunto": 1, "municipio": 1400002, "served": 3}])
    assert answer.json()["data"] == {"pairs": 2, "changed": 3}
    assert pairs(served) == [(1, 1400002, 3), (12727, 1400100, 5)]
    tag = served.client.get(BASE).headers["etag"]
    assert tag == answer.headers["etag"]
    again = served.client.put(BASE, json=[{"conjunto": 1, "municipio": 1400002, "served": 3}, {**TWO[0], "served": 5}])
    assert (again.json()["data"]["changed"], again.headers["etag"]) == (0, tag)
    assert served.client.get(BASE, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    "content",
    [
        "conjunto;municipio;served\r\n12727;1400100;7\r\n1;1400002;3\r\n",
        "\ufeffmunicipio,served,conjunto\n1400100, 7 ,12727\n\n1400002,3,1",
        '"conjunto";"municipio";"served"\n"1";"1400002";"3"\n"12727";"1400100";"7"',
    ],
)
def test_csv_says_the_same_as_json(served: Served, content: str) -> None:
    """Semicolons or commas, any order of columns, quotes, a byte order mark, empty lines."""
    assert csv(served, content.encode()).status_code == 200
    assert pairs(served) == [(1, 1400002, 3), (12727, 1400100, 7)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "first line"),
        (b"conjunto;municipio\n1;2\n", "first line"),
        (b"conjunto;municipio;served;more\n1;1400002;3;4\n", "first line"),
        (b"conjunto;municipio;served\n1;1400002;3\n1;2\n", "Line 3"),
        (b"conjunto;municipio;served\n1;1400002;-3\n", "Line 2"),
        (b"conjunto;municipio;served\n1;1400002;3,5\n", "Line 2"),
        (b"conjunto;municipio;served\n1;1400002;\n", "Line 2"),
        (b"conjunto;municipio;served\n0;1400002;1\n", "Line 2"),
        (b"conjunto;municipio;served\n1;1400002;3\n1;1400002;4\n", "twice"),
        (b'conjunto;municipio;served\n"1;1400002;3\n', "cannot be read"),
        (b"conjunto;municipio;served\n\xff;2;3\n", "UTF-8"),
        (b"conjunto;municipio;served\n" + b"1;1400002;3\n" * 20_001, "pairs at most"),
    ],
)
def test_422_for_a_file_that_is_no_universe(served: Served, content: bytes, words: str) -> None:
    """One wrong line refuses the whole file, names itself, and the universe stays."""
    assert words in problem(csv(served, content), 422, "VALIDATION_ERROR")["detail"]
    assert len(pairs(served)) == 2


@pytest.mark.parametrize(
    "wrong",
    [{}, [{}], [1], [{**TWO[0], "served": -1}], [{**TWO[0], "served": "7"}], [{**TWO[0], "x": 1}], [TWO[0], TWO[0]]],
)
def test_422_for_json_that_is_no_universe(served: Served, wrong: Any) -> None:
    """Anything but an array of different pairs is refused whole."""
    problem(served.client.put(BASE, json=wrong), 422, "VALIDATION_ERROR")
    assert len(pairs(served)) == 2


def test_other_bodies(served: Served) -> None:
    """400 for broken JSON, 415 for another kind."""
    problem(csv(served, "[{", "application/json"), 400, "MALFORMED_JSON")
    problem(csv(served, "a;b", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_of_two_who_read_the_same_universe_one_loads(served: Served) -> None:
    """412 for the second: nobody's load is lost unseen. A tag of another universe loads nothing."""
    tag = served.client.get(BASE).headers["etag"]
    first = served.client.put(BASE, json=TWO[:1], headers={"If-Match": tag})
    second = served.client.put(BASE, json=[], headers={"If-Match": tag})
    assert first.status_code == 200
    problem(second, 412, "PRECONDITION_FAILED")
    assert second.headers["etag"] == first.headers["etag"]
    for wrong in ("1", 'W/"1"', '"', '"a", b'):
        problem(served.client.put(BASE, json=[], headers={"If-Match": wrong}), 400, "BAD_REQUEST")
    assert len(pairs(served)) == 1
    assert (
        served.client.put(BASE, json=TWO, headers={"If-Match": f'"other", {first.headers["etag"]}'}).status_code == 200
    )
    assert served.client.put(BASE, json=TWO, headers={"If-Match": "*"}).status_code == 200


def test_of_four_who_load_at_once_one_succeeds(served: Served) -> None:
    """Four loads on one tag at the same moment: one is written, three are told that they came too late."""
    for round_ in range(8):
        tag = served.client.get(BASE).headers["etag"]

        def load(number: int, first: int = round_ * 10, tag: str = tag) -> int:
            body = [{**TWO[0], "served": first + number}]
            return served.client.put(BASE, json=body, headers={"If-Match": tag}).status_code

        with ThreadPoolExecutor(4) as threads:
            assert sorted(threads.map(load, range(1, 5))) == [200, 412, 412, 412]


def test_one_pair_is_set_beside_the_others(served: Served) -> None:
    """201 for a new one, 200 for a known one; the others stay, and the number is bounded."""
    assert served.client.put(f"{BASE}/1/1400002", json={"served": 3}).status_code == 201
    assert served.client.put(f"{BASE}/1/1400002", json={"served": 4}).status_code == 200
    assert pairs(served) == [(1, 1400002, 4), (12727, 1400100, 31400), (17354, 1400233, 2900)]
    for wrong in ({"served": -1}, {"served": 100_000_001}, {}):
        problem(served.client.put(f"{BASE}/1/1400002", json=wrong), 422, "VALIDATION_ERROR")
    problem(served.client.put(f"{BASE}/0/2", json={"served": 1}), 422, "VALIDATION_ERROR")


def test_roraima_is_laid_beside_what_is_there(served: Served) -> None:
    """Every listed pair is loaded once; a number that the distributor has loaded is not touched."""
    caller = Principal(id="system:test", tenant=DEFAULT_TENANT, proof="none")

    async def load() -> int:
        async with transaction(served.app.resources.database, DEFAULT_TENANT) as session:
            return await load_roraima(caller=caller, session=session, clock=SystemClock())

    served.client.put(BASE, json=[{"conjunto": 12727, "municipio": 1400100, "served": 1}])
    assert (served.run(load), served.run(load)) == (len(SAMPLE) - 1, 0)
    assert (12727, 1400100, 1) in pairs(served)
    assert len(pairs(served)) == len(SAMPLE)
    assert {entry.municipio for entry in SAMPLE} <= set(MUNICIPIOS)
    assert len(MUNICIPIOS) == 15


def test_a_load_is_told_and_bounds_the_counts_at_once(served: Served) -> None:
    """The summary that was kept is dropped by a load, whose fact says where."""
    served.client.put(
        "/api/v2/outages/U-1",
        json={"started_at": "2026-03-01T12:00:00Z", "conjunto": 17354, "municipio": 1400233, "affected": 2000},
    )
    summary = "/api/v2/outages/summary"
    assert served.anonymous.get(summary).json()["data"]["totals"]["unplanned"] == 2000
    served.client.put(f"{BASE}/17354/1400233", json={"served": 1500})
    assert served.anonymous.get(summary).json()["data"]["totals"]["unplanned"] == 1500
    told = served.sql("SELECT data FROM outbox WHERE name = 'outage.changed' ORDER BY position DESC LIMIT 1")[0]["data"]
    assert told == '{"source": "api", "changed": 0, "municipios": [1400233]}'


def test_who_may_not_load_may_not(served: Served) -> None:
    """Reading and loading are permissions of their own."""
    with served.with_key(served.key("outages:read")) as reader:
        assert reader.get(BASE).status_code == 200
        assert reader.put(BASE, json=[]).status_code == 403
        assert reader.put(f"{BASE}/1/1400002", json={"served": 1}).status_code == 403
    assert served.anonymous.get(BASE).status_code == 401
