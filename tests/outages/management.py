"""An outage management system, as a database of its own, and the job that reads it."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.catalog import SHIPPED
from esteio.db.transaction import transaction
from esteio.jobs.schedules import Scheduler
from esteio.resources import open_resources
from esteio.runtime.opening import sections
from esteio.services.outages.schemas import Area, Report
from esteio.services.outages.tasks import READ_OMS, ReadOrder
from esteio.services.outages.use_cases.reporting import report
from esteio.settings import read_settings
from esteio.worker.assembly import Workshop, open_workshop
from tests.house import environment, on_database, sql
from tests.outages.working import ran

TABLES = (
    "CREATE TABLE agency_event (num_1 varchar(30), ag_id varchar(10), is_open char(1), ad_ts varchar(16), "
    "num_cust integer, dev_id integer)",
    "CREATE TABLE switch_plan_tasks (outage_num varchar(30), plan_id varchar(30), task integer)",
    "CREATE TABLE oms_connectivity (mslink integer, conj integer)",
    "CREATE TABLE ind_universos (id_dispositivo integer, cd_universo integer, cd_tipo_universo integer)",
)
NAME = "oms"


@dataclass
class Management:
    """The system's database: where it is, and how it is written to."""

    url: str
    run: Callable[[str], Any]

    def empty(self) -> None:
        for statement in TABLES:
            self.run(f"DELETE FROM {statement.split()[2]}")

    def device(self, device: int, conjunto: int | None, *municipios: int) -> None:
        if conjunto is not None:
            self.run(f"INSERT INTO oms_connectivity VALUES ({device}, {conjunto})")
        for municipio in municipios:
            self.run(f"INSERT INTO ind_universos VALUES ({device}, {municipio}, 2)")

    def event(self, name: str, device: int, customers: int, start: str = "20261120101500", **members: str) -> None:
        agency, state = members.get("agency", "370"), members.get("open", "T")
        self.run(f"INSERT INTO agency_event VALUES ('{name}', '{agency}', '{state}', '{start}', {customers}, {device})")

    def events(self, count: int, device: int) -> None:
        rows = (f"('E{number}', '370', 'T', '20261120101500', 1, {device})" for number in range(count))
        self.run(f"INSERT INTO agency_event VALUES {', '.join(rows)}")

    def plan(self, name: str, tasks: int = 1) -> None:
        for task in range(tasks):
            self.run(f"INSERT INTO switch_plan_tasks VALUES ('{name}', 'PLAN-7', {task})")

    def close(self, name: str) -> None:
        self.run(f"UPDATE agency_event SET is_open = 'F' WHERE num_1 = '{name}'")


def on_postgres(cluster: str) -> Management:
    """A database of its own in the cluster, reached through asyncpg."""
    sql(cluster, f"CREATE DATABASE {NAME} OWNER esteio")
    url = on_database(cluster, NAME)
    found = Management(url.replace("postgresql://", "postgresql+asyncpg://"), lambda statement: sql(url, statement))
    for statement in TABLES:
        found.run(statement)
        found.run(f"GRANT SELECT, DELETE ON {statement.split()[2]} TO PUBLIC")
    return found


def in_file(path: Path) -> Management:
    """A file, reached through a driver that blocks."""

    def run(statement: str) -> list[Any]:
        with sqlite3.connect(path) as connection:
            return connection.execute(statement).fetchall()

    found = Management(f"sqlite:///{path}", run)
    for statement in TABLES:
        found.run(statement)
    return found


@dataclass
class Ended:
    """How a reading ended."""

    outcome: str
    result: dict[str, Any] | None
    error: dict[str, Any] | None


@dataclass
class Reader:
    """Runs the job as a worker does, at the time of its clock."""

    database_url: str
    redis_url: str
    settings: dict[str, str]
    clock: TurnableClock = field(default_factory=lambda: TurnableClock(datetime.now(UTC)))

    def read(self, *, whole: bool = False, **changes: str) -> Ended:
        job = asyncio.run(self._read(ReadOrder(whole=whole), {**self.settings, **changes}))
        shown = "SELECT outcome, result::text AS result, error::text AS error FROM jobs WHERE id = $1"
        row = self.sql(shown, job)[0]
        return Ended(row["outcome"], *(json.loads(row[name] or "null") for name in ("result", "error")))

    def good(self, **changes: str) -> dict[str, Any]:
        """The result of a reading that must succeed."""
        ended = self.read(**changes)
        assert ended.outcome == "succeeded", ended.error
        assert ended.result is not None
        return ended.result

    def reported(self, name: str, affected: int) -> None:
        """Through the API, at the start that the system gives it."""
        started = datetime(2026, 11, 20, 14, 15, tzinfo=UTC)
        asyncio.run(self._report(Report(name, False, started, None, (Area(12727, 1400100, affected),))))

    def forget(self) -> None:
        """Nothing was ever reported here."""
        self.sql(
            "TRUNCATE outages, outage_areas, outage_universe, outage_oms_marks, outbox, outbox_queue, jobs CASCADE"
        )

    def sql(self, statement: str, *values: Any) -> list[Any]:
        return sql(self.database_url, statement, *values)

    def outages(self) -> dict[str, tuple[bool, bool, dict[tuple[int, int], int]]]:
        """By external id: whether planned, whether open, and units by place."""
        found: dict[str, tuple[bool, bool, dict[tuple[int, int], int]]] = {}
        for row in self.sql(
            "SELECT o.*, a.conjunto, a.municipio, a.affected FROM outages o JOIN outage_areas a ON a.outage_id = o.id"
        ):
            known = found.setdefault(row["external_id"], (row["planned"], row["ended_at"] is None, {}))
            known[2][(row["conjunto"], row["municipio"])] = row["affected"]
        return found

    def open(self) -> set[str]:
        return {name for name, (_, still_open, _) in self.outages().items() if still_open}

    def serves(self, *served: tuple[int, int, int]) -> None:
        for conjunto, municipio, units in served:
            self.sql(
                "INSERT INTO outage_universe (tenant_id, conjunto, municipio, served, updated_at) "
                "VALUES ($1, $2, $3, $4, now())",
                DEFAULT_TENANT,
                conjunto,
                municipio,
                units,
            )

    async def _read(self, order: ReadOrder, changes: dict[str, str]) -> UUID:
        workshop = self._workshop(changes)
        return await ran(workshop, READ_OMS, order)

    async def _report(self, said: Report) -> None:
        resources = self._workshop(self.settings).resources
        caller = Principal(id="test", tenant=DEFAULT_TENANT, proof="token")
        async with open_resources(resources), transaction(resources.database, DEFAULT_TENANT) as session:
            await report(caller=caller, session=session, clock=self.clock, source="api", reports=[said])

    def fire(self, minutes: int = 1) -> None:
        """Let a scheduler look at each of the next minutes."""

        async def look() -> None:
            workshop = self._workshop(self.settings)
            async with open_resources(workshop.resources):
                mine = [schedule for schedule in workshop.schedules if schedule.kind is READ_OMS]
                scheduler = Scheduler(workshop.resources.database, self.clock, mine)
                await scheduler.once()
                for _ in range(minutes):
                    self.clock.turn(60)
                    await scheduler.once()

        asyncio.run(look())

    def _workshop(self, changes: dict[str, str]) -> Workshop:
        given = environment(self.database_url, self.redis_url, **changes)
        return open_workshop("reader", read_settings(sections(SHIPPED), environ=given), SHIPPED, self.clock)
