"""The public summary: what it counts, what it leaves out, when it is fresh, and the channel that says so."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.services.outages.active import state_at
from tests.conftest import House
from tests.house import Served
from tests.outages.stored import store_outage, store_served
from tests.realtime.client import stream
from tests.realtime.conftest import relaying

SUMMARY = "/api/v2/outages/summary"
NOW = datetime(2026, 5, 5, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def served(house: House) -> Iterator[Served]:
    """A house without outages, at a clock that stands still."""
    with house(clock=TurnableClock(NOW)) as running:
        yield running


def summary(served: Served) -> dict[str, Any]:
    answer = served.anonymous.get(SUMMARY)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def test_numbers_by_municipio_and_in_all(served: Served) -> None:
    """Units of all conjuntos of a município are added; those of the universe without outages stand there with zero."""
    for conjunto, municipio, units in ((1, 1400100, 600), (2, 1400100, 400), (3, 1400233, 50)):
        store_served(served, conjunto, municipio, units)
    store_outage(served, (1, 1400100, 30), (9, 1400099, 7), start=NOW - HOUR)
    store_outage(served, (2, 1400100, 20), start=NOW - HOUR, planned=True)
    found = summary(served)
    assert found["municipios"] == [
        {"municipio": 1400099, "name": None, "served": 7, "planned": 0, "unplanned": 7, "share": 1.0},
        {"municipio": 1400100, "name": "Boa Vista", "served": 1000, "planned": 20, "unplanned": 30, "share": 0.05},
        {"municipio": 1400233, "name": "Caroebe", "served": 50, "planned": 0, "unplanned": 0, "share": 0.0},
    ]
    assert found["totals"] == {"served": 1057, "planned": 20, "unplanned": 37, "share": 0.053926}
    assert found["as_of"] == "2026-05-05T15:00:00Z"


def test_it_agrees_with_the_regulators_rows(served: Served) -> None:
    """The sums by município are those of ANEEL's rows at the same moment, with lists, counts and bounds mixed."""
    store_served(served, 1, 10, 5)
    store_served(served, 2, 10, 100)
    store_outage(served, (1, 10, ["a", "b", "c"]), (2, 10, 9), start=NOW - HOUR)
    store_outage(served, (1, 10, ["b", "c", "d"]), (1, 20, 4), start=NOW - 2 * HOUR, planned=True)
    store_outage(served, (1, 10, 4), (2, 20, ["a"]), start=NOW - 50 * HOUR)
    store_outage(served, (2, 10, 70), start=NOW - 3 * HOUR, end=NOW)
    state = served.run(lambda: state_at(served.app.resources.database, DEFAULT_TENANT, NOW))
    expected: dict[int, list[int]] = {}
    for count in state.counts:
        sums = expected.setdefault(count.municipio, [0, 0])
        sums[0] += count.planned
        sums[1] += count.unplanned
    found = summary(served)
    assert {row["municipio"]: [row["planned"], row["unplanned"]] for row in found["municipios"]} == expected
    assert expected[10] == [0, 14], "five of the first conjunto, nine of the second"
    bands = [(band["planned"], band["unplanned"]) for band in found["bands"]]
    assert [sum(kind) for kind in zip(*bands, strict=True)] == [
        sum(row[kind] for row in expected.values()) for kind in (0, 1)
    ]


@pytest.mark.parametrize(
    ("lasted", "place"),
    [
        (timedelta(), 0),
        (timedelta(minutes=59, seconds=59), 0),
        (HOUR, 1),
        (3 * HOUR - timedelta(microseconds=1), 1),
        (3 * HOUR, 2),
        (6 * HOUR, 3),
        (12 * HOUR, 4),
        (24 * HOUR, 5),
        (48 * HOUR, 6),
        (timedelta(days=900), 6),
    ],
)
def test_a_duration_stands_in_its_band(served_once: Served, lasted: timedelta, place: int) -> None:
    """A band begins with its hour and ends before the next one's."""
    served_once.sql("DELETE FROM outages")
    body = {"started_at": (NOW - lasted).isoformat(), "conjunto": 1, "municipio": 1400001, "affected": 3}
    assert served_once.client.put("/api/v2/outages/D", json=body).is_success
    bands = summary(served_once)["bands"]
    assert [band["unplanned"] for band in bands] == [3 * (number == place) for number in range(7)]
    assert [(band["from_hours"], band["to_hours"]) for band in bands][place][0] <= lasted / HOUR


@pytest.fixture(scope="module")
def served_once(house: House) -> Iterator[Served]:
    with house(clock=TurnableClock(NOW), LIMITS__ENABLED="false") as running:
        yield running


def test_a_report_is_seen_at_once_and_time_within_fifteen_seconds(served: Served) -> None:
    """A kept summary is dropped by the next report; an outage that begins by itself is seen when its time is over."""
    assert summary(served)["totals"]["unplanned"] == 0
    body = {"started_at": (NOW - HOUR).isoformat(), "conjunto": 1, "municipio": 1400001, "affected": 3}
    coming = {**body, "started_at": (NOW + timedelta(seconds=1)).isoformat(), "planned": True}
    served.client.put("/api/v2/outages/ONE", json=body)
    served.client.put("/api/v2/outages/TWO", json=coming)
    assert summary(served)["totals"]["unplanned"] == 3
    clock = served.app.resources.clock
    assert isinstance(clock, TurnableClock)
    clock.turn(15)
    assert summary(served)["totals"] == {"served": 6, "planned": 3, "unplanned": 3, "share": 1.0}


def test_what_is_the_same_is_a_304(served: Served) -> None:
    """The tag is that of the numbers, not of the moment."""
    first = served.anonymous.get(SUMMARY)
    clock = served.app.resources.clock
    assert isinstance(clock, TurnableClock)
    clock.turn(60)
    again = served.anonymous.get(SUMMARY, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    store_outage(served, (1, 1, 1), start=NOW)
    clock.turn(60)
    assert served.anonymous.get(SUMMARY, headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_nothing_of_single_outages_or_other_tenants(served: Served) -> None:
    """Neither names nor units leave, and what another tenant reports is in nobody's numbers but its own."""
    made = served.client.post("/api/v2/tenants", json={"slug": "other", "name": "Other"}).json()["data"]
    body = {"started_at": (NOW - HOUR).isoformat(), "conjunto": 1, "municipio": 1400001, "ucs": ["UC-SECRET"]}
    served.client.put("/api/v2/outages/EVT-SECRET", json=body)
    text = served.anonymous.get(SUMMARY).text
    assert "SECRET" not in text
    assert summary(served)["totals"]["unplanned"] == 1
    served.sql(
        "INSERT INTO outages (tenant_id, id, external_id, source, planned, started_at) "
        "VALUES ($1, gen_random_uuid(), 'X', 'api', false, $2)",
        made["id"],
        NOW - HOUR,
    )
    served.sql("INSERT INTO outage_areas SELECT tenant_id, id, 1, 1, 500, NULL FROM outages WHERE external_id = 'X'")
    served.client.put("/api/v2/outages/TWO", json={**body, "ucs": ["a"]})
    assert summary(served)["totals"]["unplanned"] == 2


def test_anonymous_callers_are_limited_by_address(served: Served) -> None:
    """Six hundred a minute from one address, behind which many may be; the next is told when to come again."""
    answers = [served.anonymous.get(SUMMARY).status_code for _ in range(601)]
    assert answers == [200] * 600 + [429]


def test_everybody_may_listen_and_hears_no_names(house: House) -> None:
    """The channel `outages` tells an anonymous stream of a report: how many and where, not which."""
    with house() as served, relaying(served), stream(served.url, "outages", key=None) as events:
        events.events(1, "subscribed")
        body = {"started_at": "2026-03-01T12:00:00Z", "conjunto": 1, "municipio": 1400007, "ucs": ["UC-SECRET"]}
        assert served.client.put("/api/v2/outages/EVT-SECRET", json=body).status_code == 201
        (heard,) = events.events(1)
        assert heard.data["event"] == "outage.changed"
        assert heard.data["data"] == {"source": "api", "changed": 1, "municipios": [1400007]}
        assert "SECRET" not in heard.text
