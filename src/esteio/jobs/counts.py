"""What is counted of jobs, schedules and the outbox, for the census."""

import asyncpg

from esteio.db.tenancy import Connection
from esteio.jobs.census import TenantCount
from esteio.jobs.kinds import QUEUES
from esteio.jobs.tickets import SEEN
from esteio.telemetry.metrics import Family

STATES = ("queued", "retrying", "running")
CONSUMERS = ("fanout", "realtime")

_TICKETS = """
SELECT queue, state, count(*) AS jobs,
    coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE state <> 'running')), 0)::float8 AS oldest
FROM job_tickets GROUP BY queue, state
"""
_WORKERS = """
SELECT queue, count(*) AS workers, sum(slots) AS slots FROM job_workers, unnest(queues) AS queue
WHERE seen_at > now() - $1 * interval '1 second' GROUP BY queue
"""
_SCHEDULES = "SELECT name, extract(epoch FROM last_due)::float8 AS due FROM job_schedules"
_WAITING = "SELECT consumer, count(*) AS facts FROM outbox_queue GROUP BY consumer"

# The queue knows whose its oldest fact is; when that occurred is seen by the fact's tenant alone.
_LAG = """
DO $$
DECLARE
    one record;
    age float8;
    found jsonb := '{}';
BEGIN
    FOR one IN
        SELECT c.consumer, q.position, q.tenant_id FROM unnest('{fanout,realtime}'::text[]) AS c (consumer),
        LATERAL (SELECT position, tenant_id FROM outbox_queue
                 WHERE consumer = c.consumer ORDER BY position LIMIT 1) AS q
    LOOP
        PERFORM set_config('esteio.tenant', one.tenant_id::text, true);
        SELECT extract(epoch FROM clock_timestamp() - occurred_at) INTO age FROM outbox WHERE position = one.position;
        found := found || jsonb_build_object(one.consumer, coalesce(age, 0));
    END LOOP;
    PERFORM set_config('esteio.counted', found::text, true);
END $$
"""

DEAD_LETTERS = TenantCount(
    name="esteio_job_dead_letters",
    words="Failed jobs that nobody has tried again or removed",
    sql="SELECT 'esteio_job_dead_letters', jsonb_build_object('queue', queue), count(*)::float8 FROM jobs "
    "WHERE outcome = 'failed' GROUP BY queue",
    samples=tuple({"queue": queue} for queue in QUEUES),
)


async def queues(connection: Connection) -> list[Family]:
    """Living jobs by queue and state, how long the oldest waits, who works, and when schedules last fired."""
    tickets = await connection.fetch(_TICKETS)
    workers = {row["queue"]: row for row in await connection.fetch(_WORKERS, SEEN)}
    return [
        _jobs(tickets),
        _oldest(tickets),
        _attended("esteio_job_workers", "Worker processes that gave a sign of life lately", "workers", workers),
        _attended("esteio_job_slots", "Jobs that those can run at once", "slots", workers),
        _fired(await connection.fetch(_SCHEDULES)),
    ]


async def outbox(connection: Connection) -> list[Family]:
    """Facts that are not told yet, by consumer, and for how long the oldest has waited."""
    facts = {row["consumer"]: row["facts"] for row in await connection.fetch(_WAITING)}
    ages = await _ages(connection)
    waiting = Family("esteio_outbox_waiting", "Facts that are not told yet")
    lag = Family("esteio_outbox_lag_seconds", "For how long the oldest fact that is not told yet has waited")
    for name in CONSUMERS:
        waiting.add(facts.get(name, 0), consumer=name)
        lag.add(max(0.0, ages.get(name, 0.0)), consumer=name)
    return [waiting, lag]


async def _ages(connection: Connection) -> dict[str, float]:
    async with connection.transaction():
        await connection.execute(_LAG)
        rows = await connection.fetch(
            "SELECT key, value::float8 FROM jsonb_each_text(current_setting('esteio.counted')::jsonb)"
        )
    return {row["key"]: row["value"] for row in rows}


def _jobs(tickets: list[asyncpg.Record]) -> Family:
    counted = {(row["queue"], row["state"]): row["jobs"] for row in tickets}
    family = Family("esteio_jobs", "Living jobs by state")
    for queue in QUEUES:
        for state in STATES:
            family.add(counted.get((queue, state), 0), queue=queue, state=state)
    return family


def _oldest(tickets: list[asyncpg.Record]) -> Family:
    family = Family("esteio_job_oldest_due_seconds", "For how long the longest waiting job has been due")
    for queue in QUEUES:
        family.add(max([0.0, *(row["oldest"] for row in tickets if row["queue"] == queue)]), queue=queue)
    return family


def _attended(name: str, words: str, column: str, workers: dict[str, asyncpg.Record]) -> Family:
    family = Family(name, words)
    for queue in QUEUES:
        family.add(float(workers[queue][column]) if queue in workers else 0.0, queue=queue)
    return family


def _fired(schedules: list[asyncpg.Record]) -> Family:
    family = Family("esteio_schedule_last_due_timestamp_seconds", "The moment that the schedule last fired for")
    for row in schedules:
        family.add(row["due"], schedule=row["name"])
    return family
