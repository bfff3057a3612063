"""The history of what the whole house has before it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from esteio.base.clock import TurnableClock
from esteio.traffic.backlog import Backlog
from tests.conftest import House
from tests.house import Served
from tests.traffic.counting import reported, tenant

NOON = datetime(2026, 3, 14, 12, 0, 15, tzinfo=UTC)
NOTHING = {"outbox_waiting": 0, "jobs_waiting": 0, "jobs_running": 0, "jobs_dead": 0, "deliveries_waiting": 0}


class Timed(NamedTuple):
    served: Served
    clock: TurnableClock


@pytest.fixture
def timed(house: House) -> Iterator[Timed]:
    """A house of its own without scheduler and worker, whose clock is turned."""
    clock = TurnableClock(NOON)
    with house(clock=clock) as served:
        yield Timed(served, clock)


def looked(timed: Timed, seconds: float = 60.0) -> None:
    """Time passes, and the minute's sample is written."""
    timed.clock.turn(seconds)
    resources = timed.served.app.resources
    timed.served.run(Backlog(resources.database, timed.clock, timed.served.app._census).write)


def test_what_waits_is_seen_minute_by_minute(timed: Timed) -> None:
    """Facts that nobody tells and jobs that nobody does are there in the minute's point, of every tenant."""
    _, other = tenant(timed.served, "waiting")
    looked(timed)
    before = reported(timed.served, timed.clock)["data"]["work"]
    for client in (timed.served.client, other):
        pet = {"name": "Rex", "species": "dog"}
        assert client.post("/api/v2/pets", json=pet).status_code == 201
        assert client.post("/api/v2/pets/export", json={}).status_code == 202
    looked(timed)
    after = reported(timed.served, timed.clock)["data"]["work"]
    assert (len(after), before[-1]["at"], after[-1]["at"]) == (61, "2026-03-14T12:01:00Z", "2026-03-14T12:02:00Z")
    assert after[-2] == before[-1] and before[0]["outbox_lag"] is None
    assert after[-1]["jobs_waiting"] == before[-1]["jobs_waiting"] + 2
    assert after[-1]["outbox_waiting"] > before[-1]["outbox_waiting"]
    assert after[-1]["outbox_lag"] > 0.0


def test_a_minute_is_counted_by_one(timed: Timed) -> None:
    """Whoever comes second finds the minute written and writes nothing."""
    looked(timed)
    timed.served.client.post("/api/v2/pets", json={"name": "Rex", "species": "dog"})
    looked(timed, 10.0)
    rows = timed.served.sql(
        "SELECT at, outbox_waiting FROM traffic_backlog WHERE at = $1", NOON.replace(minute=1, second=0)
    )
    assert [row["outbox_waiting"] for row in rows] == [0]


def test_a_unit_shows_the_most(timed: Timed) -> None:
    """Of the minutes of an hour or a day the worst is shown; where nobody looked there is nothing."""
    for minute, jobs in ((1, 5), (30, 9), (59, 2)):
        at = NOON.replace(hour=10, minute=minute, second=0)
        timed.served.sql("INSERT INTO traffic_backlog (at, outbox_lag, jobs_waiting) VALUES ($1, 1.5, $2)", at, jobs)
    points: dict[str, Any] = {
        point["at"]: point for point in reported(timed.served, timed.clock, period="24h")["data"]["work"]
    }
    assert points["2026-03-14T10:00:00Z"]["jobs_waiting"] == 9
    assert points["2026-03-14T10:00:00Z"]["outbox_lag"] == 1.5
    assert points["2026-03-14T09:00:00Z"]["jobs_waiting"] is None


def test_only_operators_are_told(timed: Timed) -> None:
    """What the house has before it is nothing that a tenant is told; its own present standing is."""
    _, other = tenant(timed.served, "curious")
    found = reported(timed.served, timed.clock, other)["data"]
    assert found["work"] is None
    assert found["resources"]["tenant"]["deliveries"] == {"waiting": 0, "longest_wait": 0.0}
    assert found["resources"]["tenant"]["jobs"]["dead"] == 0
