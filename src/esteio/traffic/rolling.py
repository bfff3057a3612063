"""Minutes become part of their hour and day, of routes and of callers, and what is too old goes.

A minute is taken away and added in one statement: it is counted in one place at every instant, whether a run is killed,
repeated or doubled. A day is a sum of its own, since thirty of them are read at a thirtieth of what their hours cost.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.batches import batch
from esteio.db.database import Database
from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind, Schedule
from esteio.jobs.run import Run

MINUTES_STAY = timedelta(minutes=65)
"""Longer than the hour that is shown by the minute, and than a process that cannot write holds what it counted."""

HOURS_STAY = timedelta(days=8)
DAYS_STAY = timedelta(days=32)
SAMPLES_STAY = timedelta(hours=25)
PORTION = 5_000
"""Rows per transaction: short locks, and a run that is cut off has done what it did."""


class RollOrder(BaseModel):
    """What is due is added up; there is nothing to choose."""


class Rolled(BaseModel):
    """How many rows of minutes were added to their hours and days, and how many rows were too old."""

    minutes: int = 0
    removed: int = 0


_SUMS = ("unanswered", "informational", "successful", "redirected", "refused", "failed", "limited", "sent")
_SUMMED = ", ".join(f"sum({name})::bigint AS {name}" for name in _SUMS)
_ADDED = ", ".join(f"{name} = old.{name} + excluded.{name}" for name in _SUMS)


def _counted(table: str, unit: str, key: str) -> str:
    """The part of the statement that adds what was moved to the rows of a table whose time is in this unit."""
    names = f"{key}, {', '.join(_SUMS)}, cells, counts"
    return f"""
    {table}_timed AS (SELECT tenant_id, date_trunc('{unit}', at) AS at, method, route,
        {", ".join(_SUMS)}, cells, counts FROM moved),
    {table}_cells AS (
        SELECT {key}, array_agg(cell ORDER BY cell) AS cells, array_agg(number ORDER BY cell) AS counts FROM (
            SELECT {key}, cell, sum(number)::bigint AS number
            FROM {table}_timed, unnest(cells, counts) AS counted (cell, number) GROUP BY {key}, cell) AS each_cell
        GROUP BY {key}),
    {table}_added AS (
        INSERT INTO {table} AS old ({names})
        SELECT {key}, {", ".join(_SUMS)}, coalesce(cells, '{{}}'), coalesce(counts, '{{}}')
        FROM (SELECT {key}, {_SUMMED} FROM {table}_timed GROUP BY {key}) AS summed
        LEFT JOIN {table}_cells USING ({key}) ORDER BY {key}
        ON CONFLICT ({key}) DO UPDATE SET {_ADDED}, (cells, counts) = (
            SELECT coalesce(array_agg(cell ORDER BY cell), '{{}}'), coalesce(array_agg(number ORDER BY cell), '{{}}')
            FROM (SELECT cell, sum(number)::bigint AS number FROM (
                SELECT * FROM unnest(old.cells, old.counts) AS before (cell, number)
                UNION ALL SELECT * FROM unnest(excluded.cells, excluded.counts) AS new (cell, number)) AS both_of_them
                GROUP BY cell) AS each_cell)
        RETURNING 1)"""  # noqa: S608 - made of constants


def _called(table: str, unit: str, key: str) -> str:
    """The same for what has no histogram."""
    return f"""
    {table}_added AS (
        INSERT INTO {table} AS old ({key}, {", ".join(_SUMS)})
        SELECT tenant_id, caller, date_trunc('{unit}', at), {_SUMMED} FROM moved GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT ({key}) DO UPDATE SET {_ADDED}
        RETURNING 1)"""  # noqa: S608 - made of constants


def _of(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{column}" for column in columns.split(", "))


def _rolled(family: str, key: str, added: Callable[[str, str, str], str]) -> str:
    minutes = f"{family}_minutes"
    whole = f"{key}, writer"
    return f"""
WITH due AS (
    SELECT {whole} FROM {minutes} WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED),
moved AS (
    DELETE FROM {minutes} AS one USING due
    WHERE ({_of("one", whole)}) = ({_of("due", whole)})
    RETURNING one.*),
{added(f"{family}_hours", "hour", key)},
{added(f"{family}_days", "day", key)}
SELECT (SELECT count(*) FROM moved) AS moved
"""  # noqa: S608 - made of constants


_ROLL = {
    "traffic": _rolled("traffic", "tenant_id, at, method, route", _counted),
    "caller": _rolled("caller", "tenant_id, caller, at", _called),
}
_STAY = {"hours": HOURS_STAY, "days": DAYS_STAY}

_FORGET_SAMPLES = "DELETE FROM traffic_processes WHERE at < $1 AND (lost + callers_lost = 0 OR at < $2)"
_FORGET_BACKLOG = "DELETE FROM traffic_backlog WHERE at < $1"

ROLL = JobKind(name="platform.roll_traffic", payload=RollOrder, time_limit=600.0)
ROLL_SCHEDULE = Schedule(kind=ROLL, cron="*/15 * * * *", payload=RollOrder())


async def roll(run: Run, order: RollOrder) -> Rolled:
    """Tenant by tenant, in portions. Doing it twice counts nothing twice."""
    now, rolled = run.clock.now(), Rolled()
    for family in _ROLL:
        for tenant in await _tenants(run.database, f"{family}_minutes", now - MINUTES_STAY):
            rolled.minutes += await _roll(run.database, tenant, now - MINUTES_STAY, family)
            run.progress(rolled.minutes)
        for unit, stay in _STAY.items():
            rolled.removed += await _forget(run.database, f"{family}_{unit}", now - stay)
    async with batch(run.database, None) as connection:
        rolled.removed += _rows(await connection.execute(_FORGET_SAMPLES, now - SAMPLES_STAY, now - DAYS_STAY))
        rolled.removed += _rows(await connection.execute(_FORGET_BACKLOG, now - DAYS_STAY))
    return rolled


ROLL_JOB = Job(ROLL, roll)


async def _tenants(database: Database, table: str, before: datetime) -> list[UUID]:
    """Those that have rows from before that time, as the platform's own tenant sees them."""
    have = f"SELECT DISTINCT tenant_id FROM {table} WHERE at < $1"  # noqa: S608 - one of this module's names
    async with batch(database, DEFAULT_TENANT) as connection:
        return [row["tenant_id"] for row in await connection.fetch(have, before)]


async def _roll(database: Database, tenant: UUID, before: datetime, family: str = "traffic") -> int:
    moved, portion = 0, PORTION
    while portion == PORTION:
        async with batch(database, tenant) as connection:
            portion = await connection.fetchval(_ROLL[family], before, PORTION)
        moved += portion
    return moved


async def _forget(database: Database, table: str, before: datetime) -> int:
    removed = 0
    for tenant in await _tenants(database, table, before):
        async with batch(database, tenant) as connection:
            status = await connection.execute(f"DELETE FROM {table} WHERE at < $1", before)  # noqa: S608 - as above
            removed += _rows(status)
    return removed


def _rows(status: str) -> int:
    return int(status.rpartition(" ")[2])
