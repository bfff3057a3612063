"""The record of the regulator's questions, and what it proves."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from esteio.base.clock import TurnableClock
from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from esteio.http.exchange import Exchange
from esteio.services.outages.part import OutagesPart
from esteio.services.outages.regulator.polls import MOST
from tests.conftest import House
from tests.house import Served, eventually
from tests.outages.stored import polled, store_outage

PATH = "/quantitativointerrupcoesativas"
POLLS = "/api/v2/outages/polls"
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def served(house: House) -> Iterator[Served]:
    with house(HTTP__TRUSTED_PROXIES="127.0.0.1") as running:
        yield running


def recorded(served: Served, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = eventually(lambda: len(rows := polled(served)) >= count and rows)
    assert len(found) == count
    return found


def test_every_proved_question_is_on_record(served: Served) -> None:
    """When, who, from where, what, and how it was answered: successes and what was refused to a known key."""
    began = datetime.now(UTC)
    store_outage(served, (1, 1, 5), (2, 1, 5), start=began - timedelta(hours=1))
    moment = (began - timedelta(hours=4)).strftime("%d/%m/%Y %H:%M")
    weak = served.key("outages:read")
    client, here = served.client, {"X-Forwarded-For": "200.198.220.130"}
    client.get(PATH, headers=here)
    client.get(f"/radar{PATH}", params={"dthRecuperacao": moment}, headers=here)
    client.get(PATH, params={"dthRecuperacao": "agora"})
    with served.with_key(weak) as other:
        other.get(PATH)
    rows = recorded(served, 4)
    assert [(row["status"], row["outcome"], row["source"], row["rows"]) for row in rows] == [
        (200, 1, "database", 2),
        (200, 1, "database", 0),
        (200, 2, "none", 0),
        (403, 2, "none", 0),
    ]
    assert {row["operation"] for row in rows} == {PATH[1:]}
    assert [row["address"] for row in rows] == ["200.198.220.130", "200.198.220.130", "127.0.0.1", "127.0.0.1"]
    assert rows[0]["asked"] is None
    assert rows[1]["asked"] == (began - timedelta(hours=1)).replace(second=0, microsecond=0)
    assert rows[0]["principal"].startswith("key:environment-")
    assert rows[3]["principal"] not in ("anonymous", rows[0]["principal"])
    ended = datetime.now(UTC)
    assert all(began <= row["at"] <= ended and 0 <= row["ms"] < 60_000 for row in rows)


def test_strangers_leave_nothing_on_record(served: Served) -> None:
    """Who proves nothing is in the log and the metrics, not among the regulator's questions."""
    for key in ({}, {"X-API-Key": "errada"}):
        assert served.anonymous.get(PATH, headers=key).status_code == 401
    assert served.client.post(PATH).status_code == 405
    served.client.get(PATH)
    recorded(served, 1)


def test_too_many_are_on_record_too(served: Served) -> None:
    """The eleventh in a minute was answered 429, and that is what the record says."""
    statuses = [served.client.get(PATH).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert sorted((row["status"], row["outcome"]) for row in recorded(served, 11)) == [(200, 1)] * 10 + [(429, 2)]


def test_what_waits_is_written_at_the_end(house: House, new_database: Callable[[], str]) -> None:
    """A question is on record also when the process ends right after it."""
    with house(database_url=new_database()) as served:
        served.client.get(PATH)
    assert len(polled(served)) == 1


def test_another_tenants_record(served: Served) -> None:
    """A record belongs to the tenant of its caller."""
    made = served.client.post("/api/v2/tenants", json={"slug": "other", "name": "Other"}).json()["data"]
    served.client.get(PATH)
    recorded(served, 1)
    served.sql("UPDATE outage_polls SET tenant_id = $1", made["id"])
    assert served.client.get(POLLS).json()["data"] == []
    assert served.client.get(f"{POLLS}/summary").json()["data"]["polls"] == 0


def test_more_than_can_wait(house: House) -> None:
    """What waits is bounded: the oldest is dropped, and counted."""
    with house() as served:
        part: OutagesPart = served.app.api.state.house.parts["outages"]
        before = _dropped(served)

        async def crowd() -> None:
            exchange = _exchange()
            for number in range(MOST + 3):
                part.polls.take(exchange, number / 1000)

        served.run(crowd)
        count = "SELECT count(*), min(ms) FROM outage_polls"
        assert eventually(lambda: (found := tuple(served.sql(count)[0]))[0] == MOST and found, every=0.3)[1] == 3
        assert _dropped(served) == before + 3


def _dropped(served: Served) -> float:
    lines = served.client.get("/metrics").text.splitlines()
    return float(
        next((line.rpartition(" ")[2] for line in lines if line.startswith("esteio_outages_polls_dropped_total")), 0)
    )


def _exchange() -> Exchange:
    async def send(_: Any) -> None:
        await asyncio.sleep(0)

    scope = {"type": "http", "method": "GET", "path": PATH, "headers": []}
    exchange = Exchange(scope, {}, "id", "trace", "127.0.0.1", "", send)
    exchange.status = 200
    return exchange


def store_polls(served: Served, minutes: int, count: int, **members: Any) -> None:
    """So many questions, so many minutes apart."""
    for number in range(count):
        values = {
            "at": BEGIN + timedelta(minutes=minutes * number),
            "operation": PATH[1:],
            "outcome": 1,
            "ms": number + 1,
            **members,
        }
        served.sql(
            "INSERT INTO outage_polls (id, tenant_id, at, operation, principal, address, status, outcome, source, "
            "rows, ms) VALUES ($1, $2, $3, $4, 'key:1', '127.0.0.1', 200, $5, 'database', 0, $6)",
            new_id(),
            DEFAULT_TENANT,
            values["at"],
            values["operation"],
            values["outcome"],
            values["ms"],
        )


@pytest.fixture(scope="module")
def stocked(house: House) -> Iterator[Served]:
    """A house with a hundred answered questions, one each half hour, and two that failed, later."""
    with house(clock=TurnableClock(BEGIN + timedelta(days=5))) as running:
        store_polls(running, 30, 100)
        later = BEGIN + timedelta(days=4)
        store_polls(running, 0, 2, at=later, outcome=2, operation="dadosdemanda", ms=900)
        yield running


def listed(served: Served, **asked: Any) -> dict[str, Any]:
    answer = served.client.get(POLLS, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


class TestList:
    def test_pages_by_cursor(self, stocked: Served) -> None:
        """The latest first; the cursors lead through all of it and back, nothing twice and nothing left out."""
        seen, page = [], listed(stocked, limit=30)
        pages = [page]
        while page["meta"]["pagination"]["next"]:
            page = listed(stocked, limit=30, cursor=page["meta"]["pagination"]["next"])
            pages.append(page)
        seen = [row["id"] for page in pages for row in page["data"]]
        times = [row["at"] for page in pages for row in page["data"]]
        assert len(seen) == len(set(seen)) == 102
        assert times == sorted(times, reverse=True)
        back = listed(stocked, limit=30, cursor=pages[2]["meta"]["pagination"]["prev"])
        assert back["data"] == pages[1]["data"]
        assert pages[0]["meta"]["pagination"]["prev"] is None

    def test_filters(self, stocked: Served) -> None:
        """By time, outcome and operation; the cursor carries them."""
        assert [row["ms"] for row in listed(stocked, outcome=2)["data"]] == [900, 900]
        assert len(listed(stocked, operation="dadosdemanda")["data"]) == 2
        period = {"from": "2026-11-01T01:00:00Z", "to": "2026-11-01T03:00:00Z"}
        assert [row["ms"] for row in listed(stocked, **period)["data"]] == [6, 5, 4, 3]
        page = listed(stocked, limit=3, **period)
        assert [row["ms"] for row in page["data"]] == [6, 5, 4]
        following = listed(stocked, limit=3, cursor=page["meta"]["pagination"]["next"])
        assert [row["ms"] for row in following["data"]] == [3]
        link = next(link["href"] for link in page["links"] if link["rel"] == "next")
        assert [row["ms"] for row in stocked.client.get(link).json()["data"]] == [3]

    @pytest.mark.parametrize(
        ("asked", "status"),
        [
            ({"outcome": 3}, 422),
            ({"from": "yesterday"}, 422),
            ({"operation": "x' OR 1"}, 422),
            ({"limit": 101}, 422),
            ({"since": "2026-11-01T00:00:00Z"}, 422),
            ({"cursor": "abc"}, 400),
        ],
    )
    def test_what_cannot_be_asked(self, stocked: Served, asked: dict[str, Any], status: int) -> None:
        """Values and names outside the closed list are refused."""
        assert stocked.client.get(POLLS, params=asked).status_code == status

    def test_who_may_see_it(self, stocked: Served) -> None:
        """The record is for who may read outages; the regulator's own key may not."""
        for scope, status in (("outages:read", 200), ("outages:poll", 403)):
            with stocked.with_key(stocked.key(scope)) as client:
                assert client.get(POLLS).status_code == client.get(f"{POLLS}/summary").status_code == status


class TestSummary:
    def test_of_the_last_thirty_days(self, stocked: Served) -> None:
        """How many, how many of them answered, the longest gap and how soon."""
        found = self._summary(stocked)
        assert (found["polls"], found["answered"], found["share"]) == (102, 100, 0.980392)
        last_but_two = BEGIN + timedelta(minutes=30 * 99)
        gap = (BEGIN + timedelta(days=4) - last_but_two).total_seconds()
        assert found["longest_gap_seconds"] == gap
        assert found["p95_ms"] == pytest.approx(96.95)
        assert (found["first"], found["last"]) == ("2026-11-01T00:00:00Z", "2026-11-05T00:00:00Z")
        assert (found["from"], found["to"]) == ("2026-10-07T00:00:00Z", "2026-11-06T00:00:00Z")

    def test_of_a_period_and_an_operation(self, stocked: Served) -> None:
        """Only what lies in the period counts, and only one operation where one is named."""
        found = self._summary(stocked, **{"from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z"})
        assert (found["polls"], found["share"], found["longest_gap_seconds"]) == (48, 1.0, 1800.0)
        found = self._summary(stocked, operation="dadosdemanda")
        assert (found["polls"], found["share"], found["longest_gap_seconds"]) == (2, 0.0, 0.0)

    def test_of_a_period_without_questions(self, stocked: Served) -> None:
        """Nothing asked is no share, no gap and no time."""
        found = self._summary(stocked, to="2026-10-01T00:00:00Z")
        assert (found["polls"], found["share"], found["longest_gap_seconds"], found["p95_ms"]) == (0, None, None, None)

    def test_a_period_that_ends_before_it_begins(self, stocked: Served) -> None:
        """Such a period is refused."""
        asked = {"from": "2026-11-02T00:00:00Z", "to": "2026-11-01T00:00:00Z"}
        assert self._ask(stocked, asked).status_code == 422

    def _summary(self, served: Served, **asked: Any) -> dict[str, Any]:
        answer = self._ask(served, asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["data"]
        return found

    def _ask(self, served: Served, asked: dict[str, Any]) -> httpx.Response:
        return served.client.get(f"{POLLS}/summary", params=asked)
