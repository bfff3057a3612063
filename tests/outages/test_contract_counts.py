"""How consumer units are counted: each rule alone, on the real query."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from esteio.base.principal import DEFAULT_TENANT
from esteio.services.outages.active import State, state_at
from tests.house import Served
from tests.outages.stored import store_outage, store_served

NOW = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
EARLY, LATE = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
BOA_VISTA, CANTA = 1400100, 1400175


@pytest.fixture(autouse=True)
def _empty(served: Served) -> Iterator[None]:
    yield
    served.sql("TRUNCATE outages, outage_areas, outage_universe")


def state(served: Served, moment: datetime = NOW) -> State:
    async def read() -> State:
        return await state_at(served.app.resources.database, DEFAULT_TENANT, moment)

    return served.run(read)


def counted(served: Served, moment: datetime = NOW) -> list[tuple[int, int, int, int, int]]:
    """Conjunto, município, served, planned, unplanned."""
    counts = state(served, moment).counts
    return [(one.conjunto, one.municipio, one.served, one.planned, one.unplanned) for one in counts]


def test_a_unit_in_two_outages_counts_once(served: Served) -> None:
    """It belongs to the outage that began first."""
    store_outage(served, (1, BOA_VISTA, ["a", "b", "c"]), start=EARLY)
    store_outage(served, (1, BOA_VISTA, ["b", "c", "d"]), start=LATE, planned=True)
    assert counted(served) == [(1, BOA_VISTA, 4, 1, 3)]


def test_of_two_that_began_together_the_planned_one(served: Served) -> None:
    """A unit that a planned and an unplanned outage of one instant list is planned, whichever was stored first."""
    store_outage(served, (1, BOA_VISTA, ["a", "b"]), start=LATE)
    store_outage(served, (1, BOA_VISTA, ["b", "c"]), start=LATE, planned=True)
    store_outage(served, (1, BOA_VISTA, ["a"]), start=LATE)
    assert counted(served) == [(1, BOA_VISTA, 3, 2, 1)]


def test_a_unit_that_is_listed_twice(served: Served) -> None:
    """A list that names a unit twice does not count it twice."""
    store_outage(served, (1, BOA_VISTA, ["a", "a", "b"]), start=LATE)
    assert counted(served) == [(1, BOA_VISTA, 2, 0, 2)]


def test_a_unit_of_two_pairs(served: Served) -> None:
    """The same unit in another município or conjunto counts there too."""
    store_outage(served, (1, BOA_VISTA, ["a"]), (1, CANTA, ["a"]), (2, BOA_VISTA, ["a"]), start=LATE)
    assert counted(served) == [(1, BOA_VISTA, 1, 0, 1), (1, CANTA, 1, 0, 1), (2, BOA_VISTA, 1, 0, 1)]


def test_counts_beside_lists(served: Served) -> None:
    """Areas without a list add what they say."""
    store_outage(served, (1, BOA_VISTA, ["a", "b"]), start=EARLY)
    store_outage(served, (1, BOA_VISTA, 10), start=LATE, planned=True)
    store_outage(served, (1, BOA_VISTA, 5), start=LATE)
    assert counted(served) == [(1, BOA_VISTA, 17, 10, 7)]


@pytest.mark.parametrize(
    ("units", "planned", "unplanned", "shown"),
    [
        (100, 60, 40, [(100, 60, 40)]),
        (99, 60, 40, [(99, 59, 40)]),
        (40, 60, 40, [(40, 0, 40)]),
        (30, 60, 40, [(30, 0, 30)]),
        (50, 60, 0, [(50, 50, 0)]),
        (0, 60, 40, []),
    ],
)
def test_never_more_than_are_served(
    served: Served, units: int, planned: int, unplanned: int, shown: list[tuple[int, int, int]]
) -> None:
    """What is too much is taken from the planned first; where nobody is served, nobody is out."""
    store_served(served, 1, BOA_VISTA, units)
    store_outage(served, (1, BOA_VISTA, planned), start=LATE, planned=True)
    store_outage(served, (1, BOA_VISTA, unplanned), start=LATE)
    assert counted(served) == [(1, BOA_VISTA, *one) for one in shown]


def test_rows_of_nobody_are_left_out(served: Served) -> None:
    """An outage of no units, or of no areas, makes no row."""
    store_served(served, 1, BOA_VISTA, 100)
    store_outage(served, (1, BOA_VISTA, 0), (1, CANTA, []), start=LATE)
    store_outage(served, start=LATE)
    assert counted(served) == []


def test_the_order_of_rows(served: Served) -> None:
    """By the number of the conjunto, then of the município."""
    store_outage(served, (9, 1, 1), (10, 2, 1), (10, 1, 1), (1, 30, 1), start=LATE)
    assert [row[:2] for row in counted(served)] == [(1, 30), (9, 1), (10, 1), (10, 2)]


def test_what_comes_next(served: Served) -> None:
    """The next start or end behind the moment, whichever is sooner; none where nothing is to come."""
    assert state(served).until is None
    store_outage(served, (1, 1, 1), start=LATE, end=NOW + timedelta(hours=2))
    assert state(served).until == NOW + timedelta(hours=2)
    store_outage(served, (1, 1, 1), start=NOW + timedelta(hours=1))
    assert state(served).until == NOW + timedelta(hours=1)
    assert state(served, NOW + timedelta(hours=1)).until == NOW + timedelta(hours=2)
    assert state(served, NOW + timedelta(hours=2)).until is None


def test_another_tenants_outages(served: Served) -> None:
    """Nothing of another tenant is counted, neither its outages nor its universe."""
    made = served.client.post("/api/v2/tenants", json={"slug": "other", "name": "Other"}).json()["data"]
    other = UUID(made["id"])
    store_outage(served, (1, BOA_VISTA, 5), start=LATE, tenant=other)
    store_outage(served, (1, BOA_VISTA, 5), start=NOW + timedelta(hours=1), tenant=other)
    store_served(served, 1, BOA_VISTA, 3, tenant=other)
    assert state(served) == State([], None)
    store_outage(served, (1, BOA_VISTA, 7), start=LATE)
    assert counted(served) == [(1, BOA_VISTA, 7, 0, 7)]
