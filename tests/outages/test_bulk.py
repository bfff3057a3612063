"""Many outages in one call: what is written, what is refused, within which bounds."""

import asyncio
import gc
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.conftest import House
from tests.contract.problems import problem
from tests.house import Served

BULK = "/api/v2/outages/bulk"
NDJSON = {"Content-Type": "application/x-ndjson"}
LONGEST_PAUSE = 0.25
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house() as running:
        yield running


def line(name: str, **members: Any) -> dict[str, Any]:
    return {
        "external_id": name,
        "started_at": "2026-03-01T12:00:00Z",
        "conjunto": 12727,
        "municipio": 1400100,
        "affected": 3,
    } | members


def new_names(count: int) -> list[str]:
    return [f"B-{next(_numbers):06}" for _ in range(count)]


def send(served: Served, *lines: Any, **headers: str) -> httpx.Response:
    content = b"\n".join(entry if isinstance(entry, bytes) else json.dumps(entry).encode() for entry in lines)
    return served.client.post(BULK, content=content, headers=NDJSON | headers, timeout=60)


def result(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def counts(answer: httpx.Response) -> tuple[int, ...]:
    found = result(answer)
    return tuple(found[name] for name in ("lines", "created", "changed", "unchanged", "superseded", "refused"))


@pytest.fixture
def settled() -> Iterator[None]:
    """What lies in memory already is no business of the collector's, as in a server that has started."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@contextmanager
def pauses(served: Served) -> Iterator[list[float]]:
    """The longest time, in seconds, for which the loop has let somebody wait who asked for five milliseconds."""
    longest, over = [0.0], threading.Event()

    async def watch() -> None:
        while not over.is_set():
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest[0] = max(longest[0], time.monotonic() - before)

    watching = threading.Thread(target=lambda: served.run(watch))
    watching.start()
    try:
        yield longest
    finally:
        over.set()
        watching.join(30)


def there(served: Served, names: list[str]) -> int:
    found: int = served.sql("SELECT count(*) FROM outages WHERE external_id = ANY ($1::text[])", names)[0][0]
    return found


def test_lines_are_written_together_and_counted(served: Served) -> None:
    """New, changed, repeated and superseded lines are told apart; empty lines are none; one fact tells them all."""
    one, two, three = new_names(3)
    before = len(served.sql("SELECT 1 FROM outbox WHERE name = 'outage.changed'"))
    assert counts(send(served, line(one), line(two), b"", b"  ", line(two, affected=4))) == (3, 2, 0, 0, 1, 0)
    assert counts(send(served, line(one), line(two), line(three), b"")) == (3, 1, 1, 1, 0, 0)
    assert served.client.get(f"/api/v2/outages/{two}").json()["data"]["affected"] == 3
    assert len(served.sql("SELECT 1 FROM outbox WHERE name = 'outage.changed'")) == before + 2


def test_wrong_lines_are_named_and_the_others_written(served: Served) -> None:
    """Each refused line is told by its number, its member and what is wrong with it."""
    good, worse = new_names(2)
    answer = send(
        served,
        line(good),
        b"{",
        b"",
        line(worse, affected=-1),
        line(worse, ended_at="2026-03-01T11:00:00Z"),
        line("a/b"),
        b"[]",
        line(worse, areas=[{"conjunto": 1, "municipio": 1400001, "affected": 1}]),
        {"external_id": worse, "started_at": "2026-03-01T12:00:00Z", "areas": [{"conjunto": 1, "affected": 1}]},
        b'{"external_id": NaN}',
        line(worse, ucs=["a", "a", "b"]),
        b"\xff\xfe",
    )
    refused = [(item["line"], item["field"], item["code"]) for item in result(answer)["refused_lines"]]
    assert refused == [
        (2, None, "MALFORMED_JSON"),
        (4, "affected", "VALIDATION_ERROR"),
        (5, "ended_at", "VALIDATION_ERROR"),
        (6, "external_id", "VALIDATION_ERROR"),
        (7, None, "VALIDATION_ERROR"),
        (8, None, "VALIDATION_ERROR"),
        (9, "areas.0.municipio", "VALIDATION_ERROR"),
        (10, None, "MALFORMED_JSON"),
        (11, "areas.0.ucs", "VALIDATION_ERROR"),
        (12, None, "MALFORMED_JSON"),
    ]
    assert counts(answer) == (11, 1, 0, 0, 0, 10)
    assert there(served, [good, worse]) == 1


def test_the_first_hundred_refusals_are_shown(served: Served) -> None:
    """All are counted, a hundred are shown, and the sound line at the end is written."""
    name = new_names(1)[0]
    found = result(send(served, *[b"{}"] * 250, line(name)))
    assert (found["refused"], len(found["refused_lines"]), found["created"]) == (250, 100, 1)
    assert [item["line"] for item in found["refused_lines"]] == list(range(1, 101))


def test_more_lines_than_allowed_write_nothing(served: Served) -> None:
    """Ten thousand are taken, one more refuses them all (413)."""
    names = new_names(10_001)
    lines = [json.dumps(line(name)).encode() for name in names]
    problem(send(served, *lines), 413, "PAYLOAD_TOO_LARGE")
    assert there(served, names) == 0


def test_ten_thousand_lines_are_written_while_others_are_served(served: Served, settled: None) -> None:
    """Ten thousand lines are one transaction, and hold up whoever else is served for a quarter of a second at most."""
    found = []
    for _ in range(3):  # what else the machine does holds up the loop too, but hardly three times in a row
        names = new_names(10_000)
        lines = [json.dumps(line(name)).encode() for name in names]
        with pauses(served) as longest:
            began = time.monotonic()
            assert counts(send(served, *lines)) == (10_000, 10_000, 0, 0, 0, 0)
            assert counts(send(served, *lines)) == (10_000, 0, 0, 10_000, 0, 0)
            took = time.monotonic() - began
        assert there(served, names) == 10_000
        found.append(longest[0])
        print(f"\n10,000 lines twice: {took:.2f} s; the loop paused for {found[-1] * 1000:.0f} ms at most")
        if found[-1] < LONGEST_PAUSE:
            return
    pytest.fail(f"the loop paused for {min(found)} s at least")


def test_long_lists_of_units_have_room(served: Served) -> None:
    """A line may list fifty thousand units, which no single report may; one more is refused with its line."""
    name = new_names(1)[0]
    units = [f"UC{number:08}" for number in range(50_001)]
    many = line(name, affected=None, ucs=units[:50_000])
    found = result(send(served, many, line(name, affected=None, ucs=units)))
    assert (found["created"], [item["line"] for item in found["refused_lines"]]) == (1, [2])
    assert served.sql("SELECT affected, cardinality(ucs) FROM outage_areas WHERE affected = 50000")[0][1] == 50_000


def test_bounds_of_bytes(served: Served) -> None:
    """A line beyond 2 MiB and a body beyond 32 MiB are refused whole, also where no length is announced."""
    name = new_names(1)[0]
    first = json.dumps(line(name)).encode() + b"\n"

    def endless() -> Iterator[bytes]:
        yield first
        for _ in range(40):
            yield b" " * 1024 * 1024

    def lines() -> Iterator[bytes]:
        yield first
        for _ in range(33):
            yield b" " * (1024 * 1024 - 1) + b"\n"

    for content in (endless(), lines()):
        answer = served.client.post(BULK, content=content, headers=NDJSON, timeout=60)
        problem(answer, 413, "PAYLOAD_TOO_LARGE")
    assert there(served, [name]) == 0


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-ndjson; charset=latin-1", ""])
def test_415_for_another_kind_of_body(served: Served, kind: str) -> None:
    """Only NDJSON in UTF-8 is read."""
    answer = served.client.post(BULK, content=b"{}", headers={"Content-Type": kind})
    problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_the_same_key_writes_once(served: Served) -> None:
    """A repeated call with its Idempotency-Key gets the first answer; another body with it is refused."""
    one, two = new_names(2)
    first = send(served, line(one), **{"Idempotency-Key": f"bulk-{one}"})
    assert counts(first) == (1, 1, 0, 0, 0, 0)
    served.client.delete(f"/api/v2/outages/{one}")
    again = send(served, line(one), **{"Idempotency-Key": f"bulk-{one}"})
    assert (result(again), again.headers["idempotency-replayed"]) == (result(first), "true")
    assert there(served, [one]) == 0
    problem(send(served, line(two), **{"Idempotency-Key": f"bulk-{one}"}), 422, "IDEMPOTENCY_KEY_REUSED")


def test_two_calls_with_the_same_outages_at_once(served: Served) -> None:
    """Four calls of the same thousand lines in opposite orders all end well, and each outage is there once."""
    names = new_names(1000)
    lines = [json.dumps(line(name)).encode() for name in names]
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda mine=mine: answers.append(send(served, *mine)))  # type: ignore[misc]
        for mine in (lines, lines[::-1], lines[500:] + lines[:500], lines)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(result(answer)["created"] for answer in answers) == 1000
    assert sum(result(answer)["unchanged"] for answer in answers) == 3000
    assert there(served, names) == 1000
