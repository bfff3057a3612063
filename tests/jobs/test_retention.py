"""What is removed when its time is over, and what is not."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import enqueue
from esteio.jobs.retention import PORTION, PURGE, PURGE_JOB, PurgeOrder
from tests.jobs.bench import OTHER, PLAIN, SHOWN, Bench

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
TENANT = "INSERT INTO tenants (id, slug, name, version) VALUES ($1, 'other', 'Other', 1) ON CONFLICT DO NOTHING"
RECORD = """
INSERT INTO idempotency_records (tenant_id, digest, fingerprint, status, problem, sealed, answer, expires_at)
VALUES ($1, $2, 'f', 200, false, false, 'a', $3)
"""


async def purged(bench: Bench) -> dict[str, Any]:
    """Let the house's own job run; what it says it removed."""
    async with transaction(bench.database, DEFAULT_TENANT) as session:
        job = await enqueue(session, PURGE, PurgeOrder(), tenant=DEFAULT_TENANT, principal="scheduler")
    await bench.runner(PURGE_JOB).work([job])
    row = await bench.job(job)
    assert row["outcome"] == "succeeded", row["error"]
    found: dict[str, Any] = json.loads(row["result"])
    return found


async def ended(bench: Bench, outcome: str, age: timedelta, tenant: UUID = DEFAULT_TENANT) -> UUID:
    job = await bench.order(SHOWN, tenant=tenant)
    await bench.owner.execute("DELETE FROM job_tickets WHERE job_id = $1", job)
    await bench.owner.execute(
        "UPDATE jobs SET outcome = $2, finished_at = $3 WHERE id = $1", job, outcome, datetime.now(UTC) - age
    )
    return job


async def told(bench: Bench, age: timedelta, tenant: UUID = DEFAULT_TENANT, *, waits: bool = False) -> int:
    position: int = await bench.owner.fetchval(
        "INSERT INTO outbox (id, tenant_id, name, subject, data, principal, occurred_at) "
        "VALUES ($1, $2, 'bench.told', 'x', '{}', 'bench', $3) RETURNING position",
        uuid4(),
        tenant,
        datetime.now(UTC) - age,
    )
    kept = "consumer = 'fanout'" if waits else "false"
    await bench.owner.execute(f"DELETE FROM outbox_queue WHERE position = $1 AND NOT {kept}", position)
    return position


class TestPurge:
    async def test_only_what_is_due_goes(self, bench: Bench) -> None:
        """Ended jobs past their days go, of every tenant; younger ones and those that live stay, however old."""
        await bench.owner.execute(TENANT, OTHER)
        days = bench.workshop.job_settings.history_days * DAY
        old = [await ended(bench, outcome, days + DAY) for outcome in ("succeeded", "failed", "cancelled")]
        old.append(await ended(bench, "succeeded", days + DAY, OTHER))
        young = [await ended(bench, "failed", days - DAY), await ended(bench, "succeeded", days - DAY, OTHER)]
        living = await bench.order(PLAIN)
        await bench.owner.execute("UPDATE jobs SET created_at = created_at - interval '1 year'")
        assert (await purged(bench))["jobs"] == len(old)
        left = {row["id"] for row in await bench.owner.fetch("SELECT id FROM jobs WHERE name <> $1", PURGE.name)}
        assert left == {*young, living}
        assert await bench.state(living) == "queued"

    async def test_a_fact_that_waits_stays(self, bench: Bench) -> None:
        """Old facts go only when every consumer has told them; a job's end is not among the purge's own facts."""
        await bench.owner.execute(TENANT, OTHER)
        days = bench.workshop.job_settings.outbox_days * DAY
        gone = [await told(bench, days + DAY), await told(bench, days + DAY, OTHER)]
        stay = [await told(bench, days - DAY), await told(bench, days + DAY, waits=True)]
        assert (await purged(bench))["facts"] == len(gone)
        left = {row["position"] for row in await bench.owner.fetch("SELECT position FROM outbox")}
        assert left == set(stay)

    async def test_more_than_a_portion_goes_at_once(self, bench: Bench) -> None:
        """What is more than one transaction takes goes in several; a second run finds nothing left."""
        number = PORTION + 7
        await bench.orders(PLAIN, number)
        await bench.owner.execute("TRUNCATE job_tickets")
        await bench.owner.execute("UPDATE jobs SET outcome = 'succeeded', finished_at = now() - interval '1 year'")
        assert (await purged(bench))["jobs"] == number
        assert (await purged(bench))["jobs"] == 0

    async def test_expired_records_go(self, bench: Bench) -> None:
        """Records of idempotent requests go when they have expired, not before."""
        for digest, expires in ((b"old", -DAY), (b"new", DAY)):
            await bench.owner.execute(RECORD, DEFAULT_TENANT, digest, datetime.now(UTC) + expires)
        assert (await purged(bench))["records"] == 1
        assert [row["digest"] for row in await bench.owner.fetch("SELECT digest FROM idempotency_records")] == [b"new"]
