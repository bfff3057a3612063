"""The parts of jobs on a real database, in the test's own event loop: what runs is what processes run."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.clock import Clock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.database import Database
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import Order, enqueue, enqueue_all
from esteio.jobs.job import AnyJob
from esteio.jobs.kinds import JobKind, Retry
from esteio.jobs.reconciler import Reconciler
from esteio.jobs.run import Run
from esteio.jobs.runner import Runner
from esteio.jobs.tickets import Tickets
from esteio.resources import open_resources
from esteio.runtime.opening import sections
from esteio.settings import read_settings
from esteio.worker.assembly import Workshop, open_workshop
from tests.house import environment

OTHER = UUID("01900000-0000-7000-8000-00000000000b")
TABLES = "jobs, job_tickets, job_workers, job_schedules, outbox, outbox_queue, effects"
EFFECTS = """
CREATE TABLE IF NOT EXISTS effects (job uuid, fence bigint, note text);
GRANT SELECT, INSERT ON effects TO esteio_runtime
"""
EFFECT = text("INSERT INTO effects (job, fence, note) VALUES (:job, :fence, :note)")


class Item(BaseModel):
    n: int = 0
    words: str = ""


class Made(BaseModel):
    n: int = 0
    words: str = ""


PLAIN = JobKind(name="bench.plain", payload=Item)
SHOWN = JobKind(name="bench.shown", payload=Item, visible=True, unit="rows")
TWICE = JobKind(name="bench.twice", payload=Item, visible=True, retry=Retry(tries=2))
NARROW = JobKind(name="bench.narrow", payload=Item, lane_limit=2)


async def write_effect(session: AsyncSession, run: Run, note: str = "") -> None:
    """A row in a table that would hold it any number of times."""
    await session.execute(EFFECT, {"job": run.id, "fence": run.held.fence, "note": note})


class Bench:
    """A workshop whose parts a test moves by hand. `owner` sees and changes everything."""

    def __init__(self, workshop: Workshop, owner: asyncpg.Connection) -> None:
        self.workshop = workshop
        self.owner = owner
        self.database: Database = workshop.resources.database
        self.tickets = Tickets(self.database)
        self.reconciler = Reconciler(self.database, workshop.job_settings, workshop.tell)

    async def order(self, kind: JobKind[Item], n: int = 0, *, tenant: UUID = DEFAULT_TENANT, **how: Any) -> UUID:
        """Write a job down in a transaction of its own."""
        async with transaction(self.database, tenant) as session:
            return await enqueue(session, kind, Item(n=n), tenant=tenant, principal="user:bench", **how)

    async def orders(
        self, kind: JobKind[Item], count: int, *, tenant: UUID = DEFAULT_TENANT, lane: UUID | None = None
    ) -> list[UUID]:
        found: list[UUID] = []
        for first in range(0, count, 2_500):
            some = [Order(Item(n=number), lane=lane) for number in range(first, min(count, first + 2_500))]
            async with transaction(self.database, tenant) as session:
                found += await enqueue_all(session, kind, some, tenant=tenant, principal="user:bench")
        return found

    def runner(self, *jobs: AnyJob, worker: str = "worker-1") -> Runner:
        return Runner(
            resources=self.workshop.resources,
            settings=self.workshop.settings,
            job_settings=self.workshop.job_settings,
            jobs={job.kind.name: job for job in jobs},
            worker=worker,
            queues=["io"],
            slots_in_all=32,
            tell=self.workshop.tell,
            spread=self.workshop.spread,
        )

    async def job(self, job: UUID) -> asyncpg.Record:
        row = await self.owner.fetchrow("SELECT * FROM jobs WHERE id = $1", job)
        assert row is not None
        return row

    async def ticket(self, job: UUID) -> asyncpg.Record | None:
        return await self.owner.fetchrow("SELECT * FROM job_tickets WHERE job_id = $1", job)

    async def state(self, job: UUID) -> str:
        """Where the job stands, living or ended."""
        ticket = await self.ticket(job)
        outcome = (await self.job(job))["outcome"]
        assert (ticket is None) == (outcome is not None), "a job has a ticket as long as it lives, and no longer"
        return str(outcome if ticket is None else ticket["state"])

    async def facts(self, job: UUID) -> list[str]:
        rows = await self.owner.fetch("SELECT name FROM outbox WHERE subject = $1 ORDER BY position", str(job))
        return [row["name"] for row in rows]

    async def effects(self, job: UUID | None = None) -> list[asyncpg.Record]:
        return await self.owner.fetch("SELECT * FROM effects WHERE $1::uuid IS NULL OR job = $1", job)

    async def lapse(self, *jobs: UUID) -> None:
        """Let leases run out as if their workers had given no sign of life for as long."""
        await self.owner.execute(
            "UPDATE job_tickets SET lease_until = now() - interval '1 second' "
            "WHERE state = 'running' AND ($1::uuid[] = '{}' OR job_id = ANY ($1))",
            jobs,
        )

    async def rested(self, *jobs: UUID) -> None:
        """Let the rest between two tries be over."""
        await self.owner.execute("UPDATE job_tickets SET due_at = now() WHERE job_id = ANY ($1::uuid[])", jobs)

    async def count(self, what: str) -> int:
        found: int = await self.owner.fetchval(f"SELECT count(*) FROM {what}")
        return found


@asynccontextmanager
async def opened_bench(
    database_url: str, redis_url: str, clock: Clock | None = None, **changes: str
) -> AsyncIterator[Bench]:
    """A bench on an emptied database."""
    owner = await asyncpg.connect(_as_owner(database_url), timeout=30)
    try:
        await owner.execute(EFFECTS)
        await owner.execute(f"TRUNCATE {TABLES} CASCADE")
        async with opened_workshop(database_url, redis_url, clock, **changes) as workshop:
            yield Bench(workshop, owner)
    finally:
        await owner.close()


@asynccontextmanager
async def opened_workshop(
    database_url: str, redis_url: str, clock: Clock | None = None, **changes: str
) -> AsyncIterator[Workshop]:
    settings = read_settings(sections(()), environ=environment(database_url, redis_url, **changes))
    workshop = open_workshop("bench", settings, (), clock)
    async with open_resources(workshop.resources):
        yield workshop


def _as_owner(database_url: str) -> str:
    return database_url.replace("//esteio@", "//postgres@")


async def comes_true(condition: Callable[[], Awaitable[object]], within: float = 30.0) -> None:
    """Wait for a condition that is asked for, or fail with `TimeoutError`."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in the database
            await asyncio.sleep(0.02)
