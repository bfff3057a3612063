"""Where living jobs stand: taken to be carried, claimed, kept alive, given back. Each step is one statement.

Times are PostgreSQL's, so that clocks of several machines need not agree. Who holds a job is proved by its fence, a
number that grows with each claim: whoever held it before can change nothing any more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from esteio.db.batches import batch
from esteio.db.database import Database

CRASHES = 3
"""How many workers a job may cost before it is a dead letter."""

SEEN = 15.0
"""Seconds for which a worker counts after its last sign of life."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker holds: what to do, for whom, and the fence that proves it."""

    id: UUID
    tenant: UUID
    name: str
    fence: int
    attempts: int
    payload: str
    principal: str
    request_id: str | None
    trace_id: str | None
    created_at: datetime
    traceparent: str | None = None
    run_traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What a worker must show to change anything of a job."""

    id: UUID
    fence: int


# Each lane's jobs are numbered behind those of it that are carried or run already; by these numbers those of one kind
# and tenant, by those the tenant's; the lowest go first. So a tenant that asks for one job is not behind the ten
# thousand of another, nor its export behind the deliveries to its twenty endpoints, each a lane of its own.
_TAKE = """
WITH RECURSIVE lanes (lane) AS (
    (SELECT lane FROM job_tickets WHERE queue = $1 AND published_at IS NULL ORDER BY lane LIMIT 1)
    UNION ALL
    SELECT (SELECT t.lane FROM job_tickets t
            WHERE t.queue = $1 AND t.published_at IS NULL AND t.lane > lanes.lane ORDER BY t.lane LIMIT 1)
    FROM lanes WHERE lanes.lane IS NOT NULL
), carried AS (
    SELECT tenant_id, name, lane, count(*) AS jobs FROM job_tickets
    WHERE queue = $1 AND published_at IS NOT NULL
    GROUP BY GROUPING SETS ((lane), (tenant_id, name), (tenant_id))
), in_lane AS (
    SELECT waiting.*, coalesce(carried.jobs, 0) + waiting.place AS turn
    FROM lanes LEFT JOIN carried USING (lane)
    CROSS JOIN LATERAL (
        SELECT first.*, row_number() OVER (ORDER BY due_at, job_id) AS place
        FROM (SELECT job_id, tenant_id, name, due_at, lane_limit FROM job_tickets t
              WHERE t.queue = $1 AND t.published_at IS NULL AND t.lane = lanes.lane AND t.due_at <= now()
              ORDER BY due_at, job_id LIMIT $2) AS first
    ) AS waiting
    WHERE waiting.lane_limit IS NULL OR coalesce(carried.jobs, 0) + waiting.place <= waiting.lane_limit
), in_kind AS (
    SELECT job_id, tenant_id, due_at, coalesce(carried.jobs, 0)
        + row_number() OVER (PARTITION BY tenant_id, name ORDER BY turn, due_at, job_id) AS turn
    FROM in_lane LEFT JOIN carried USING (tenant_id, name)
), picked AS (
    SELECT job_id, due_at, coalesce(carried.jobs, 0)
        + row_number() OVER (PARTITION BY tenant_id ORDER BY turn, due_at, job_id) AS turn
    FROM in_kind LEFT JOIN (SELECT tenant_id, jobs FROM carried WHERE name IS NULL) AS carried USING (tenant_id)
    ORDER BY turn, due_at, job_id LIMIT $2
)
UPDATE job_tickets t SET published_at = now() FROM picked
WHERE t.job_id = picked.job_id AND t.published_at IS NULL
RETURNING t.job_id, picked.turn
"""

_ROOM = """
SELECT coalesce((SELECT sum(slots) FROM job_workers
                 WHERE $1 = ANY (queues) AND seen_at > now() - $2 * interval '1 second'), 0) AS slots,
       (SELECT count(*) FROM job_tickets
        WHERE queue = $1 AND published_at IS NOT NULL AND state <> 'running') AS carried
"""

_PARENTS = "SELECT job_id, traceparent FROM job_tickets WHERE job_id = ANY ($1::uuid[]) AND traceparent IS NOT NULL"
_RAN = "UPDATE jobs SET run_traceparent = $2 WHERE id = $1"

_UNTAKE = "UPDATE job_tickets SET published_at = NULL WHERE job_id = ANY ($1::uuid[]) AND state <> 'running'"

# An id may arrive after it was given up for lost and others of its lane were sent: the limit holds here too.
_CLAIM = """
WITH asked AS (
    SELECT job_id, queue, lane, lane_limit,
        row_number() OVER (PARTITION BY queue, lane ORDER BY due_at, job_id) AS place
    FROM job_tickets WHERE job_id = ANY ($1::uuid[]) AND state <> 'running' AND due_at <= now()
), allowed AS (
    SELECT job_id FROM asked
    WHERE lane_limit IS NULL OR place + (
        SELECT count(*) FROM job_tickets other
        WHERE other.queue = asked.queue AND other.lane = asked.lane AND other.published_at IS NOT NULL
        AND other.state = 'running') <= lane_limit
)
UPDATE job_tickets SET state = 'running', fence = fence + 1, attempts = attempts + 1, worker = $2,
    lease_until = now() + $3 * interval '1 second', started_at = coalesce(started_at, now()),
    published_at = coalesce(published_at, now())
WHERE job_id = ANY (ARRAY(SELECT job_id FROM allowed)) AND state <> 'running' AND due_at <= now()
RETURNING job_id, tenant_id, fence, attempts
"""

_CONTENTS = """
SELECT id, tenant_id, name, payload, principal, request_id, trace_id, created_at, traceparent, run_traceparent
FROM jobs WHERE id = ANY ($1::uuid[])
"""

_RENEW = """
UPDATE job_tickets t SET lease_until = now() + $3 * interval '1 second'
FROM unnest($1::uuid[], $2::bigint[]) AS held (id, fence)
WHERE t.job_id = held.id AND t.fence = held.fence AND t.state = 'running'
RETURNING t.job_id, t.cancel_requested
"""

_REST = """
UPDATE job_tickets t SET state = held.state, published_at = NULL, worker = NULL, lease_until = NULL,
    due_at = CASE WHEN held.rest > 0 THEN now() + held.rest * interval '1 second' ELSE t.due_at END,
    attempts = t.attempts - held.uncounted
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::float8[], $5::int[]) AS held (id, fence, state, rest, uncounted)
WHERE t.job_id = held.id AND t.fence = held.fence AND t.state = 'running' AND NOT t.cancel_requested
RETURNING t.job_id
"""

FINISH = """
WITH ended AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[])
        AS e (id, fence, outcome, result, error)
), gone AS (
    DELETE FROM job_tickets t USING ended e WHERE t.job_id = e.id AND t.fence = e.fence AND t.state = 'running'
    RETURNING t.job_id, t.attempts, t.started_at, e.outcome, e.result, e.error
)
UPDATE jobs j SET outcome = g.outcome, result = g.result::jsonb, error = g.error::jsonb, attempts = g.attempts,
    started_at = g.started_at, finished_at = now()
FROM gone g WHERE j.id = g.job_id
RETURNING j.id
"""

_WORKER = """
INSERT INTO job_workers (id, queues, slots, seen_at) VALUES ($1, $2, $3, now())
ON CONFLICT (id) DO UPDATE SET seen_at = now(), slots = excluded.slots, queues = excluded.queues
"""


@dataclass(frozen=True, slots=True)
class Rest:
    """A job given back. `uncounted`: this run does not count as a try, for it was not the job's own doing."""

    held: Held
    state: str
    seconds: float
    uncounted: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended: `succeeded`, `failed` or `cancelled`, with its result or error as JSON."""

    held: Held
    outcome: str
    result: str | None = None
    error: str | None = None


class Tickets:
    """The statements on tickets. All raise `Unavailable`; none holds a lock longer than itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def room(self, queue: str) -> tuple[int, int]:
        """How many jobs the workers of a queue can run at once, and how many are on their way to them."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_ROOM, queue, SEEN)
            assert row is not None
            return row["slots"], row["carried"]

    async def take(self, queue: str, most: int) -> list[UUID]:
        """Mark at most so many due jobs as carried, fairly between lanes; in the order in which they should go."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_TAKE, queue, most)
            return [row["job_id"] for row in sorted(rows, key=lambda row: row["turn"])]

    async def parents(self, jobs: Iterable[UUID]) -> Mapping[UUID, str]:
        """Under which spans those of the jobs were enqueued that are traced."""
        async with self._database.connection() as connection:
            return {row["job_id"]: row["traceparent"] for row in await connection.fetch(_PARENTS, list(jobs))}

    async def ran(self, job: Claimed, traceparent: str) -> None:
        """Keep the span of a run that did not succeed, for the next one to link to."""
        async with batch(self._database, job.tenant) as connection:
            await connection.execute(_RAN, job.id, traceparent)

    async def untake(self, jobs: Iterable[UUID]) -> None:
        """They could not be carried: let them be taken again."""
        async with self._database.connection() as connection:
            await connection.execute(_UNTAKE, list(jobs))

    async def claim(self, jobs: Sequence[UUID], worker: str, lease: float) -> list[Claimed]:
        """Those of the jobs that nobody holds, now held by this worker. What arrives twice is claimed once."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_CLAIM, jobs, worker, lease)
        return [one for tenant, mine in _by_tenant(rows).items() for one in await self._contents(tenant, mine)]

    async def _contents(self, tenant: UUID, rows: Sequence[asyncpg.Record]) -> list[Claimed]:
        proofs = {row["job_id"]: row for row in rows}
        async with batch(self._database, tenant) as connection:
            found = await connection.fetch(_CONTENTS, list(proofs))
        return [
            Claimed(
                row["id"],
                tenant,
                row["name"],
                proofs[row["id"]]["fence"],
                proofs[row["id"]]["attempts"],
                row["payload"],
                row["principal"],
                row["request_id"],
                row["trace_id"],
                row["created_at"],
                row["traceparent"],
                row["run_traceparent"],
            )
            for row in found
        ]

    async def renew(self, held: Sequence[Held], lease: float) -> Mapping[UUID, bool]:
        """Those that are still held, each with whether its cancellation was asked for."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_RENEW, *_proofs(held), lease)
            return {row["job_id"]: row["cancel_requested"] for row in rows}

    async def give_back(self, rests: Sequence[Rest]) -> set[UUID]:
        """Let jobs run again after their rest, at once in their old place; those still held and not to be cancelled."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                _REST,
                *_proofs([rest.held for rest in rests]),
                [rest.state for rest in rests],
                [rest.seconds for rest in rests],
                [int(rest.uncounted) for rest in rests],
            )
            return {row["job_id"] for row in rows}

    async def finish(self, tenant: UUID, endings: Sequence[Ending]) -> set[UUID]:
        """Write how jobs of a tenant ended; those that were still held. The others' endings are thrown away."""
        async with batch(self._database, tenant) as connection:
            rows = await connection.fetch(FINISH, *finish_values(endings))
            return {row["id"] for row in rows}

    async def sign_on(self, worker: str, queues: Sequence[str], slots: int) -> None:
        """Say that a worker lives and how much it can do at once."""
        async with self._database.connection() as connection:
            await connection.execute(_WORKER, worker, list(queues), slots)

    async def sign_off(self, worker: str) -> None:
        """A worker that ends takes no jobs any more."""
        async with self._database.connection() as connection:
            await connection.execute("DELETE FROM job_workers WHERE id = $1", worker)


def finish_values(endings: Sequence[Ending]) -> tuple[list[Any], ...]:
    """The arguments of `FINISH`."""
    return (
        *_proofs([ending.held for ending in endings]),
        [ending.outcome for ending in endings],
        [ending.result for ending in endings],
        [ending.error for ending in endings],
    )


def _proofs(held: Sequence[Held]) -> tuple[list[UUID], list[int]]:
    return [one.id for one in held], [one.fence for one in held]


def _by_tenant(rows: Iterable[asyncpg.Record]) -> dict[UUID, list[asyncpg.Record]]:
    found: dict[UUID, list[asyncpg.Record]] = {}
    for row in rows:
        found.setdefault(row["tenant_id"], []).append(row)
    return found
