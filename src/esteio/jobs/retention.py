"""What is removed when its time is over: ended jobs, told facts, expired records."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.batches import batch
from esteio.db.database import Database
from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind, Schedule
from esteio.jobs.run import Run

PORTION = 1_000
"""Rows per transaction: short locks, and a run that is cut off has done what it did."""


class PurgeOrder(BaseModel):
    """What the settings say is too old goes; there is nothing to choose."""


class Purged(BaseModel):
    """How many rows went."""

    jobs: int = 0
    facts: int = 0
    records: int = 0


_JOBS = """
DELETE FROM jobs WHERE id IN (
    SELECT id FROM jobs WHERE outcome IS NOT NULL AND finished_at < $1 ORDER BY finished_at LIMIT $2)
"""
_FACTS = """
DELETE FROM outbox WHERE position IN (
    SELECT position FROM outbox o WHERE occurred_at < $1
    AND NOT EXISTS (SELECT FROM outbox_queue q WHERE q.position = o.position) LIMIT $2)
"""
_RECORDS = """
DELETE FROM idempotency_records WHERE digest IN (
    SELECT digest FROM idempotency_records WHERE expires_at < $1 LIMIT $2)
"""

PURGE = JobKind(name="platform.purge", payload=PurgeOrder, time_limit=1800.0)
PURGE_SCHEDULE = Schedule(kind=PURGE, cron="17 3 * * *", payload=PurgeOrder())


async def purge(run: Run, order: PurgeOrder) -> Purged:
    """Tenant by tenant, in portions. Doing it twice removes nothing more."""
    days = run.settings.jobs
    now = run.clock.now()
    jobs_before = now - timedelta(days=days.history_days)
    facts_before = now - timedelta(days=days.outbox_days)
    purged = Purged()
    async for tenant in tenants(run.database):
        purged.jobs += await portions(run.database, tenant, _JOBS, jobs_before)
        purged.facts += await portions(run.database, tenant, _FACTS, facts_before)
        purged.records += await portions(run.database, tenant, _RECORDS, now)
        run.progress(purged.jobs + purged.facts + purged.records)
    return purged


PURGE_JOB = Job(PURGE, purge)


async def tenants(database: Database) -> AsyncIterator[UUID]:
    """The ids of all tenants, as the platform's own tenant sees them."""
    async with batch(database, DEFAULT_TENANT) as connection:
        rows = await connection.fetch("SELECT id FROM tenants ORDER BY id")
    for row in rows:
        yield row["id"]


async def portions(database: Database, tenant: UUID, statement: str, before: object) -> int:
    """Run a statement of (time, most rows) as the tenant until it finds less than a portion; how many rows in all."""
    removed = 0
    while True:
        async with batch(database, tenant) as connection:
            status = await connection.execute(statement, before, PORTION)
        portion = int(status.rpartition(" ")[2])
        removed += portion
        if portion < PORTION:
            return removed
