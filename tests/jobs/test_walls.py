"""What one tenant learns of another's jobs, and what those learn who carry the jobs of all: nothing."""

import json
from base64 import b64decode
from collections.abc import Callable

import pytest
import redis

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.reading import Reading
from esteio.db.transaction import transaction
from esteio.jobs.broker import Carrier, make_celery
from esteio.jobs.control import retry_failed
from esteio.jobs.enqueue import enqueue
from esteio.jobs.job import Job
from esteio.jobs.run import Run
from tests.jobs.bench import OTHER, SHOWN, Bench, Item, Made

pytestmark = pytest.mark.anyio
SECRET = "correct horse battery staple"
# `traceparent` may lie outside of the walls: it is 55 characters of random ids (a trace's and a span's, made by the
# house or by a proxy that the operator trusts), never of what a caller sent, and says neither what a job does nor for
# whom. The relay needs it there, since it may not read the rows of `jobs`, which lie behind them.
CARRIED = {
    "job_tickets": "job_id tenant_id name queue lane lane_limit state due_at published_at attempts crashes fence "
    "worker lease_until started_at cancel_requested traceparent",
    "outbox_queue": "consumer position tenant_id",
    "job_workers": "id queues slots seen_at",
    "job_schedules": "name last_due",
}


async def secret_job(bench: Bench) -> None:
    """A job of the other tenant with a secret in all that can hold one; it has ended, and its end is told."""
    async with transaction(bench.database, OTHER) as session:
        job = await enqueue(session, SHOWN, Item(words=SECRET), tenant=OTHER, principal="user:other", key=SECRET)

    async def do(run: Run, item: Item) -> Made:
        run.progress(1, 2, SECRET)
        return Made(words=SECRET)

    await bench.runner(Job(SHOWN, do)).work([job])
    assert await bench.state(job) == "succeeded"


class TestTenants:
    async def test_another_tenants_jobs_do_not_exist(self, bench: Bench) -> None:
        """R12: a read without any filter shows a tenant its own jobs, another none, and nobody none."""
        await secret_job(bench)
        jobs = Reading("SELECT id FROM jobs")
        assert len(await bench.database.read(OTHER, jobs)) == 1
        assert await bench.database.read(DEFAULT_TENANT, jobs) == []
        assert await bench.database.read(None, jobs) == []

    async def test_another_tenants_jobs_are_not_changed(self, bench: Bench) -> None:
        """R12: an update without a filter, and a retry of all dead letters, touch no other tenant's."""
        await secret_job(bench)
        await bench.owner.execute("UPDATE jobs SET outcome = 'failed'")
        async with bench.database.connection() as connection, connection.transaction():
            await connection.execute("SELECT set_config('esteio.tenant', $1, true)", str(DEFAULT_TENANT))
            assert await connection.execute("UPDATE jobs SET message = NULL") == "UPDATE 0"
            assert await connection.execute("DELETE FROM jobs") == "DELETE 0"
        async with transaction(bench.database, DEFAULT_TENANT) as session:
            assert await retry_failed(session, name=None, most=10, visible=False) == 0

    async def test_the_same_key_of_another_tenant_tells_nothing(self, bench: Bench) -> None:
        """R12: asking under a key that lives elsewhere is asking anew."""
        theirs = await bench.order(SHOWN, key="shared", tenant=OTHER)
        mine = await bench.order(SHOWN, key="shared")
        assert mine != theirs
        assert await bench.count("jobs") == 2


class TestCarriers:
    async def test_tables_of_all_tenants_hold_no_contents(self, bench: Bench) -> None:
        """R12: what lies outside of the walls has these columns and no others."""
        for table, columns in CARRIED.items():
            rows = await bench.owner.fetch(
                "SELECT column_name FROM information_schema.columns WHERE table_name = $1", table
            )
            assert {row["column_name"] for row in rows} == set(columns.split()), table

    async def test_the_broker_holds_ids_alone(self, bench: Bench, new_redis: Callable[[], str]) -> None:
        """R13: of a job that has secrets in its payload, key and name of its asker, its id alone is on the broker."""
        async with transaction(bench.database, OTHER) as session:
            job = await enqueue(session, SHOWN, Item(words=SECRET), tenant=OTHER, principal=SECRET, key=SECRET)
        (taken,) = await bench.tickets.take("io", 10)
        address = new_redis()
        carrier = Carrier(make_celery(address))
        assert carrier.carry("io", [[taken]]) == 1
        carrier.close()
        with redis.Redis.from_url(address) as client:
            (message,) = client.lrange("esteio-broker:io", 0, -1)
        body = json.loads(b64decode(json.loads(message)["body"]))
        assert body[:2] == [[[str(job)]], {}]
        for word in (SECRET, SHOWN.name, str(OTHER)):
            assert word.encode() not in message
            assert word not in json.dumps(body)
