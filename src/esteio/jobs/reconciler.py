"""Takes back what was lost: ids that did not arrive, jobs of workers that gave no sign of life."""

import asyncio
from uuid import UUID

from esteio.base.errors import EsteioError
from esteio.db.batches import batch
from esteio.db.database import Database
from esteio.db.transaction import transaction
from esteio.jobs.endings import error_json
from esteio.jobs.errors import WorkerLost
from esteio.jobs.metrics import reclaimed
from esteio.jobs.notice import TaskNotice, Tell
from esteio.jobs.settings import JobSettings
from esteio.jobs.tickets import CRASHES, SEEN
from esteio.telemetry.logs import log

LEASES_PER_ROUND = 500
SENT_AGAIN_PER_ROUND = 5_000

_NOT_ARRIVED = """
UPDATE job_tickets SET published_at = NULL WHERE job_id IN (
    SELECT job_id FROM job_tickets
    WHERE state <> 'running' AND published_at < now() - $1 * interval '1 second'
    LIMIT $2 FOR UPDATE SKIP LOCKED)
"""

# It keeps its place in its lane, before all that came after it. One of several that ran together may be what ended
# their worker: those that have one chance left take it one after another, so that the guilty one takes no other along.
# A job whose cancellation was asked for, or that has cost too many workers, is ended below instead.
_RUN_AGAIN = """
UPDATE job_tickets t SET state = 'queued', published_at = NULL, worker = NULL, lease_until = NULL,
    crashes = t.crashes + 1,
    lane = CASE WHEN t.crashes + 2 < $1 THEN t.lane ELSE md5(lost.worker)::uuid END,
    lane_limit = CASE WHEN t.crashes + 2 < $1 THEN t.lane_limit ELSE 1 END
FROM (SELECT job_id, worker FROM job_tickets
      WHERE state = 'running' AND lease_until < now() AND crashes + 1 < $1 AND NOT cancel_requested
      LIMIT $2 FOR UPDATE SKIP LOCKED) AS lost
WHERE t.job_id = lost.job_id
RETURNING t.job_id, t.name, lost.worker
"""

_TO_END = """
SELECT job_id, tenant_id FROM job_tickets
WHERE state = 'running' AND lease_until < now() AND (crashes + 1 >= $1 OR cancel_requested) LIMIT $2
"""

_END = """
WITH gone AS (
    DELETE FROM job_tickets WHERE job_id = $1 AND state = 'running' AND lease_until < now()
    RETURNING job_id, attempts, started_at, cancel_requested
)
UPDATE jobs SET outcome = CASE WHEN gone.cancel_requested THEN 'cancelled' ELSE 'failed' END,
    error = CASE WHEN gone.cancel_requested THEN NULL ELSE $2::jsonb END,
    attempts = gone.attempts, started_at = gone.started_at, finished_at = now()
FROM gone WHERE jobs.id = gone.job_id
RETURNING jobs.id, jobs.name, jobs.outcome, jobs.visible, jobs.principal, jobs.done, jobs.total, jobs.message,
    jobs.attempts
"""

_GONE_WORKERS = "DELETE FROM job_workers WHERE seen_at < now() - $1 * interval '1 second'"


class Reconciler:
    """Any number may run: each row is taken back by one of them."""

    def __init__(self, database: Database, settings: JobSettings, tell: Tell) -> None:
        self._database = database
        self._settings = settings
        self._tell = tell

    async def run(self) -> None:
        """Look after lost jobs until cancelled, often enough that none waits a quarter of a lease for it."""
        pause = min(5.0, self._settings.lease / 4)
        while True:
            try:
                await self.once()
            except EsteioError as error:
                log("esteio.jobs").warning("reconciler.database_away", cause=error.operator)
            await asyncio.sleep(pause)

    async def once(self) -> None:
        """One round."""
        async with batch(self._database, None) as connection:
            sent = await connection.execute(_NOT_ARRIVED, self._settings.carried, SENT_AGAIN_PER_ROUND)
            again = await connection.fetch(_RUN_AGAIN, CRASHES, LEASES_PER_ROUND)
            await connection.execute(_GONE_WORKERS, 4 * SEEN)
            to_end = await connection.fetch(_TO_END, CRASHES, LEASES_PER_ROUND)
        _count("not_arrived", int(sent.rpartition(" ")[2]))
        _count("lease", len(again))
        for row in again:
            log("esteio.jobs").warning("job.worker_lost", job=f"{row['name']}:{row['job_id']}", worker=row["worker"])
        for row in to_end:
            await self._end(row["job_id"], row["tenant_id"])

    async def _end(self, job: UUID, tenant: UUID) -> None:
        async with transaction(self._database, tenant) as session:
            connection = await session.connection()
            result = await connection.exec_driver_sql(_END, (job, error_json(WorkerLost())))
            row = result.mappings().first()
            if row is None:
                return
            if row["visible"]:
                self._tell(session, TaskNotice.of(row, tenant))
        log("esteio.jobs").error("job.dead_letter", job=f"{row['name']}:{job}", outcome=row["outcome"])
        _count("ended", 1)


def _count(why: str, number: int) -> None:
    if number:
        reclaimed().labels(why).inc(number)
