"""For how long an answer is kept, and what makes it old before its time."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from esteio.base.clock import TurnableClock
from tests.conftest import House
from tests.house import Served, eventually
from tests.outages.stored import polled, store_outage

PATH = "/quantitativointerrupcoesativas"
NOW = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOW)


@pytest.fixture
def served(house: House, clock: TurnableClock) -> Iterator[Served]:
    with house(clock=clock) as running:
        running.client.put("/api/v2/limits/outages.radar", json={"rate": "100000/minute"}).raise_for_status()
        keeps(running)
        yield running


def keeps(served: Served) -> None:
    """Wait until the house is in touch with the news: before that it keeps nothing."""
    eventually(lambda: served.app.resources.bulletin.connected)


def out(served: Served, **asked: str) -> int:
    answer = served.client.get(PATH, params=asked).json()
    assert answer["idcStatusRequisicao"] == 1
    return sum(row["qtdOcorrenciaNaoProgramada"] for row in answer["interrupcaoFornecimento"])


def test_kept_for_the_seconds_of_the_setting(served: Served, clock: TurnableClock) -> None:
    """What nobody was told of shows up when 300 s are over, not before; answers of the past are never kept."""
    assert out(served) == 0
    store_outage(served, (1, 1, 5), start=NOW - timedelta(hours=1))
    assert out(served, dthRecuperacao="21/11/2026 14:30") == 5
    clock.turn(299)
    assert out(served) == 0
    clock.turn(1)
    assert out(served) == 5
    store_outage(served, (1, 1, 7), start=NOW - timedelta(hours=1))
    assert out(served, dthRecuperacao="21/11/2026 14:30") == 12


def test_kept_no_longer_than_until_the_next_start_or_end(served: Served, clock: TurnableClock) -> None:
    """A stored outage that is to begin, and its end, are in the answer from their very second on."""
    store_outage(served, (1, 1, 5), start=NOW + timedelta(seconds=60), end=NOW + timedelta(seconds=90))
    told = []
    for seconds in (0, 59, 1, 29, 1):
        clock.turn(seconds)
        told.append(out(served))
    assert told == [0, 0, 5, 5, 0]


def test_a_report_makes_it_old_in_every_process(
    house: House, new_database: Callable[[], str], new_redis: Callable[[], str]
) -> None:
    """What is reported in one process shows up in another at once, though both had kept an answer."""
    engines = {"database_url": new_database(), "redis_url": new_redis()}
    with house(**engines) as one, house(**engines) as other:
        for served in (one, other):
            keeps(served)
            assert out(served) == 0
        report = {
            "planned": False,
            "started_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
            "areas": [{"conjunto": 1, "municipio": 1400001, "affected": 5}],
        }
        answer = one.client.put("/api/v2/outages/event-1", json=report)
        assert answer.status_code in (200, 201), answer.text
        assert out(one) == 5
        eventually(lambda: out(other) == 5, within=10, every=1.0)


def test_kept_answers_are_on_record_as_such(served: Served) -> None:
    """The record tells an answer that was at hand from one that was made."""
    store_outage(served, (1, 1, 5), start=NOW - timedelta(hours=1))
    for _ in range(3):
        out(served)
    rows = eventually(lambda: len(rows := polled(served)) == 3 and rows)
    assert [(row["source"], row["rows"], row["outcome"]) for row in rows] == [
        ("database", 1, 1),
        ("cache", 1, 1),
        ("cache", 1, 1),
    ]


def test_nothing_is_kept_where_nothing_may_be(house: House) -> None:
    """With the setting at 0 every question goes to the database."""
    with house(OUTAGES__CACHED="0") as served:
        keeps(served)
        assert out(served) == 0
        store_outage(served, (1, 1, 5), start=datetime.now(UTC) - timedelta(hours=1))
        assert out(served) == 5
