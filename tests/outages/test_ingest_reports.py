"""Reporting outages as the OMS reader and the import do it: in one transaction, many at once, beside others."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from esteio.base.clock import SystemClock
from esteio.base.errors import Invalid
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.db.transaction import transaction
from esteio.services.outages.ledger import Reported
from esteio.services.outages.schemas import Area, Report
from esteio.services.outages.use_cases.reporting import report
from tests.conftest import House
from tests.house import Served

CALLER = Principal(id="system:test", tenant=DEFAULT_TENANT, proof="none")
BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def house_of_outages(house: House) -> Iterator[Served]:
    with house() as running:
        yield running


@pytest.fixture
def served(house_of_outages: Served) -> Served:
    """A house without any outage."""
    house_of_outages.sql("DELETE FROM outages")
    house_of_outages.sql("DELETE FROM outbox")
    return house_of_outages


def outage(number: int, **members: Any) -> Report:
    plain = Report(f"EVT-{number:05}", False, BEGAN, None, (Area(12727, 1400100, 5),))
    return replace(plain, **members)


def reported(served: Served, *reports: Report) -> Reported:
    async def work() -> Reported:
        async with transaction(served.app.resources.database, DEFAULT_TENANT, budget=20) as session:
            return await report(caller=CALLER, session=session, clock=SystemClock(), source="oms", reports=reports)

    return served.run(work)


def rows(served: Served) -> list[tuple[Any, ...]]:
    found = served.sql(
        "SELECT external_id, version, planned, ended_at, conjunto, municipio, affected, ucs "
        "FROM outages o JOIN outage_areas a ON a.outage_id = o.id ORDER BY 1, 5, 6"
    )
    return [tuple(row) for row in found]


def told(served: Served) -> int:
    return len(served.sql("SELECT 1 FROM outbox WHERE name = 'outage.changed'"))


def test_each_is_new_changed_or_as_it_was_and_one_fact_tells_it(served: Served) -> None:
    """New outages, changed members, changed areas and repetitions are told apart; a repetition writes nothing."""
    assert reported(served, outage(1), outage(2), outage(3)).created == ("EVT-00001", "EVT-00002", "EVT-00003")
    assert told(served) == 1
    ended = outage(2, ended_at=BEGAN + timedelta(hours=1))
    moved = outage(3, areas=(Area(12727, 1400100, 5), Area(17354, 1400233, 2, ("b", "a"))))
    assert reported(served, outage(1), ended, moved) == Reported((), ("EVT-00002", "EVT-00003"), 1)
    assert told(served) == 2
    assert rows(served) == [
        ("EVT-00001", 1, False, None, 12727, 1400100, 5, None),
        ("EVT-00002", 2, False, BEGAN + timedelta(hours=1), 12727, 1400100, 5, None),
        ("EVT-00003", 2, False, None, 12727, 1400100, 5, None),
        ("EVT-00003", 2, False, None, 17354, 1400233, 2, ["a", "b"]),
    ]
    before = rows(served)
    again = replace(moved, areas=(Area(17354, 1400233, 2, ("a", "b")), Area(12727, 1400100, 5)))
    assert reported(served, again, ended, outage(1)) == Reported((), (), 3)
    assert (rows(served), told(served)) == (before, 2)


@pytest.mark.parametrize(
    "areas",
    [
        (Area(12727, 1400100, 6),),
        (Area(12727, 1400100, 5, ("a", "b", "c", "d", "e")),),
        (Area(12727, 1400159, 5),),
        (Area(12729, 1400100, 5),),
        (Area(12727, 1400100, 5), Area(12727, 1400159, 0)),
        (Area(12727, 1400100, 0, ()),),
    ],
)
def test_any_other_area_is_a_change(served: Served, areas: tuple[Area, ...]) -> None:
    """Another count, list, conjunto or município, or one area more, is a change; unlisted is not the same as none."""
    reported(served, outage(1))
    assert reported(served, outage(1, areas=areas)).changed == ("EVT-00001",)
    assert reported(served, outage(1, areas=areas)) == Reported((), (), 1)
    assert [row[4:] for row in rows(served)] == [
        (a.conjunto, a.municipio, a.affected, None if a.ucs is None else list(a.ucs)) for a in areas
    ]


def test_of_several_reports_of_one_outage_the_last_counts(served: Served) -> None:
    """One call may name an outage twice: it is written once, as the last report has it."""
    done = reported(served, outage(1), outage(1, planned=True), outage(2), outage(1, areas=(Area(1, 1400002, 3),)))
    assert done == Reported(("EVT-00001", "EVT-00002"), (), 0)
    assert rows(served)[0] == ("EVT-00001", 1, False, None, 1, 1400002, 3, None)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"external_id": ""}, "external_id"),
        ({"external_id": "a/b"}, "external_id"),
        ({"external_id": "a\nb"}, "external_id"),
        ({"external_id": "x" * 201}, "external_id"),
        ({"external_id": "summary"}, "external_id"),
        ({"external_id": ".."}, "external_id"),
        ({"ended_at": BEGAN - timedelta(microseconds=1)}, "ended_at"),
        ({"started_at": datetime(1999, 12, 31, tzinfo=UTC)}, "started_at"),
        ({"started_at": datetime.now(UTC) + timedelta(days=401)}, "started_at"),
        ({"areas": ()}, "areas"),
        ({"areas": tuple(Area(number + 1, 1400001, 1) for number in range(51))}, "areas"),
        ({"areas": (Area(1, 1400001, 1), Area(1, 1400001, 2))}, "areas.1"),
        ({"areas": (Area(0, 1400001, 1),)}, "areas.0.conjunto"),
        ({"areas": (Area(1, -1, 1),)}, "areas.0.municipio"),
        ({"areas": (Area(1, 1400001, -1),)}, "areas.0.affected"),
        ({"areas": (Area(1, 1400001, 10_000_001),)}, "areas.0.affected"),
        ({"areas": (Area(1, 1400001, 2, ("a",)),)}, "areas.0.affected"),
        ({"areas": (Area(1, 1400001, 2, ("a", "a")),)}, "areas.0.ucs"),
        ({"areas": (Area(1, 1400001, 1, ("x" * 31,)),)}, "areas.0.ucs"),
        ({"areas": (Area(1, 1400001, 1, (" ",)),)}, "areas.0.ucs"),
        ({"areas": (Area(1, 1400001, 50_001, tuple(str(number) for number in range(50_001))),)}, "areas.0.ucs"),
    ],
)
def test_what_cannot_be_an_outage_is_refused_and_nothing_is_written(
    served: Served, members: dict[str, Any], field: str
) -> None:
    """A flaw names its member, whoever reports; the sound reports beside it are not written either."""
    with pytest.raises(Invalid) as refused:
        reported(served, outage(1), outage(2, **members))
    assert refused.value.errors[0].field == field
    assert rows(served) == []


def test_the_number_of_statements_does_not_depend_on_that_of_the_outages(served: Served) -> None:
    """Three reports and three hundred take equally many statements, with new, changed and known ones among them."""
    statements: list[str] = []

    async def counted(reports: list[Report]) -> int:
        async with transaction(served.app.resources.database, DEFAULT_TENANT, budget=20) as session:
            connection = (await session.connection()).sync_connection
            assert connection is not None

            def note(_: Any, __: Any, statement: str, *___: Any) -> None:
                statements.append(statement)

            event.listen(connection, "before_cursor_execute", note)
            statements.clear()
            await report(caller=CALLER, session=session, clock=SystemClock(), source="csv", reports=reports)
            return len(statements)

    def mixed(first: int, many: int) -> list[Report]:
        new = [outage(first + number) for number in range(many)]
        changed = [outage(first + many + number, areas=(Area(5, 1400006, 7),)) for number in range(many)]
        return new + changed + [outage(first + 2 * many + number) for number in range(many)]

    reported(served, *(outage(number) for number in range(100, 400)))
    reported(served, *(outage(number) for number in range(1000, 1003)))
    few = served.run(lambda: counted(mixed(999, 1)))
    many = served.run(lambda: counted(mixed(0, 150)))
    assert few == many <= 6


def test_two_that_report_the_same_at_once_neither_stop_one_another_nor_double(served: Served) -> None:
    """Eight writers report overlapping outages in different orders at once: all end, each outage is there once."""

    async def one(writer: int) -> Reported:
        mine = [outage(number, areas=(Area(1, 1400001, writer + 1),)) for number in range(writer % 3, 60)]
        mine = mine[writer:] + mine[:writer] if writer % 2 else mine[::-1]
        async with transaction(served.app.resources.database, DEFAULT_TENANT, budget=20) as session:
            return await report(caller=CALLER, session=session, clock=SystemClock(), source="oms", reports=mine)

    async def all_at_once() -> list[Reported]:
        return [done for _ in range(5) for done in await asyncio.gather(*(one(writer) for writer in range(8)))]

    done = served.run(all_at_once)
    created = [name for one_done in done for name in one_done.created]
    assert sorted(created) == [f"EVT-{number:05}" for number in range(60)]
    assert len(rows(served)) == 60
    assert len({row[6] for row in rows(served)}) <= 3
