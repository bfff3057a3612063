"""From requests to figures: one process, several, with a database that goes away and comes back."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from esteio.base.clock import TurnableClock
from esteio.base.ids import new_id
from esteio.embedded.engines import Engines
from esteio.traffic.minutes import KEPT_MINUTES, MINUTE
from esteio.traffic.tally import Tally
from esteio.traffic.writing import Writer
from tests.conftest import House
from tests.faults.conftest import postgres_socket, through
from tests.faults.proxy import proxied
from tests.house import Served
from tests.traffic.counting import METRICS, ROUTE, count, ended, reported, requests, route, tenant, written

PETS = "/api/v2/pets"
NOON = datetime(2026, 3, 14, 12, 0, 10, tzinfo=UTC)
OFF = 1.072


class Timed(NamedTuple):
    served: Served
    clock: TurnableClock


@pytest.fixture
def timed(house: House) -> Iterator[Timed]:
    """A house of its own, whose clock is turned."""
    clock = TurnableClock(NOON)
    with house(clock=clock) as served:
        yield Timed(served, clock)


def test_what_was_asked_is_counted(timed: Timed) -> None:
    """Requests, classes of status, errors and bytes are those that callers met; probes are not counted."""
    served = timed.served
    sizes = [len(served.client.get(PETS).content) for _ in range(7)]
    served.client.get(f"{PETS}/{new_id()}")
    served.client.post(PETS, json={})
    for path in ("/livez", "/readyz", "/health", "/api/v2/health", "/metrics"):
        served.client.get(path)
    found = reported(served, timed.clock)
    assert route(found, PETS)["by_status"] == {"2xx": 7}
    assert route(found, PETS)["bytes_sent"] == sum(sizes)
    assert route(found, f"{PETS}/{{pet_id}}")["by_status"] == {"4xx": 1}
    assert route(found, PETS, "POST")["by_status"] == {"4xx": 1}
    data = found["data"]
    assert (data["totals"]["requests"], data["totals"]["error_rate"]) == (9, 0.0)
    assert data["series"][-1] == {"at": "2026-03-14T12:00:00Z", "requests": 9, "errors": 0, "limited": 0} | {
        name: data["totals"]["latency_ms"][name] for name in ("p50", "p95", "p99")
    }
    assert (len(data["series"]), data["from"], data["resolution"]) == (61, "2026-03-14T11:00:00Z", "minute")


def test_latencies_are_those_that_were_measured(timed: Timed) -> None:
    """Quantiles of known durations are told within 7.2 %, by route and in all; the rest is simple arithmetic."""
    tally = timed.served.app.traffic.tally
    for milliseconds in range(1, 101):
        tally.ended(ended(status=500 if milliseconds > 90 else 200), milliseconds / 1000)
    found = reported(timed.served, timed.clock)
    for figures in (route(found, ROUTE), found["data"]["totals"]):
        for name, true in (("p50", 50.0), ("p95", 95.0), ("p99", 99.0)):
            assert true / OFF <= figures["latency_ms"][name] <= true * OFF
        assert figures["error_rate"] == 0.1
        assert figures["rate_per_second"] == round(100 / (3600 + 15), 6)


def test_processes_add_up(timed: Timed, house: House) -> None:
    """Two processes of a deployment are one in its figures, whichever is asked."""
    with house(clock=timed.clock, database_url=timed.served.database_url) as second:
        for each, number in ((timed.served, 3), (second, 4)):
            count(each.app.traffic.tally, number, 0.02)
            written(each)
        for each in (timed.served, second):
            found = reported(each, timed.clock)
            assert requests(found, ROUTE) == 7
            assert 20 / OFF <= route(found, ROUTE)["latency_ms"]["p50"] <= 20 * OFF


def test_written_twice_is_written_once(timed: Timed) -> None:
    """A writing whose confirmation never came is done again, and nothing is counted twice."""
    served, writer = timed.served, new_id()
    for number in (5, 5, 8):  # the same minute of the same process: as it was, as it was, and as it is now
        tally = Tally(timed.clock)
        count(tally, number)
        assert served.run(Writer(served.app.resources.database, tally, writer).write)
    assert requests(reported(served, timed.clock), ROUTE) == 8


def test_many_rows_are_written_in_portions(timed: Timed) -> None:
    """More rows than a transaction takes, of several tenants, all arrive in their own tenant."""
    served = timed.served
    other, client = tenant(served, "portions")
    for number in range(1_200):
        count(served.app.traffic.tally, 1, route=f"{ROUTE}/{number}")
        count(served.app.traffic.tally, 2, route=f"{ROUTE}/{number}", tenant=other)
    mine, theirs = reported(served, timed.clock), reported(served, timed.clock, client)
    assert mine["data"]["routes_in_all"] >= 1_200 and len(mine["data"]["routes"]) == 100
    assert theirs["data"]["totals"]["by_status"]["2xx"] >= 2_400
    rows = served.sql("SELECT tenant_id, count(*) FROM traffic_minutes WHERE route ~ 'things/' GROUP BY tenant_id")
    assert {row["count"] for row in rows} == {1_200} and len(rows) == 2


def test_the_end_writes_the_rest(house: House, new_database: Callable[[], str]) -> None:
    """What was counted since the last writing is written when the process ends."""
    clock, url = TurnableClock(NOON), new_database()
    with house(clock=clock, database_url=url) as served:
        count(served.app.traffic.tally, 6)
    with house(clock=clock, database_url=url) as served:
        assert requests(reported(served, clock), ROUTE) == 6


def test_a_database_that_is_away_costs_nothing(house: House, new_database: Callable[[], str], engines: Engines) -> None:
    """While nothing can be written requests are answered and counted; when it is back, all of them are written."""
    clock, url = TurnableClock(NOON), new_database()
    with (
        proxied(postgres_socket(engines)) as proxy,
        house(clock=clock, database_url=through(proxy, url), redis_url=engines.redis_url) as served,
    ):
        proxy.set("refuse")
        for number in range(20):
            assert served.anonymous.get(f"/nowhere/{number}").status_code == 404
        count(served.app.traffic.tally, 5)
        assert not served.run(served.app.traffic.writer.write)
        clock.turn(3 * MINUTE)
        count(served.app.traffic.tally, 2)
        proxy.set("pass")
        found = reported(served, clock)
        assert (requests(found, ROUTE), requests(found, "(none)", "*")) == (7, 20)
        assert [point["requests"] for point in found["data"]["series"][-4:]] == [25, 0, 0, 2]
        assert found["warnings"] == []


def test_what_was_lost_is_said(timed: Timed) -> None:
    """Requests that could not be written in time are counted as lost, and every answer about the period says so."""
    served, clock = timed.served, timed.clock
    _, client = tenant(served, "losing")
    written(served)
    count(served.app.traffic.tally, 9)
    clock.turn(KEPT_MINUTES * MINUTE)
    written(served)
    served.run(served.app.traffic.sampler.write)
    found = reported(served, clock)
    assert requests(found, ROUTE) == 0
    assert any(said.startswith("9 requests of this period could not be counted") for said in found["warnings"])
    (theirs,) = reported(served, clock, client)["warnings"]
    assert "9" not in theirs and "could not be counted" in theirs


def test_an_answer_is_made_once_for_many(timed: Timed) -> None:
    """Callers that ask within five seconds are told the same, whatever was counted meanwhile."""
    served, clock = timed.served, timed.clock
    before = reported(served, clock)
    count(served.app.traffic.tally, 3)
    written(served)
    assert served.client.get(METRICS, params={"period": "1h"}).json()["data"] == before["data"]
    clock.turn(5)
    assert requests(served.client.get(METRICS, params={"period": "1h"}).json(), ROUTE) == 3


def test_many_callers_at_once_ask_the_database_once(timed: Timed) -> None:
    """Whoever asks while an answer is made waits for it."""
    served, made = timed.served, list[int]()

    async def make() -> int:
        await asyncio.sleep(0)
        made.append(1)
        return 7

    async def ask() -> list[int]:
        return await asyncio.gather(*(served.app.traffic.reports.get("x", make) for _ in range(50)))

    assert (served.run(ask), made) == ([7] * 50, [1])
