"""What may be done to a job from outside: cancel it, let one that failed run again."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import NotFound
from esteio.jobs.errors import NotCancellable, NotRetriable
from esteio.jobs.notice import TaskNotice, Tell

_TICKET = text("SELECT state FROM job_tickets WHERE job_id = :id FOR UPDATE")
_ASK = text("UPDATE job_tickets SET cancel_requested = true WHERE job_id = :id")
_END = text("""
WITH gone AS (DELETE FROM job_tickets WHERE job_id = :id RETURNING attempts, started_at)
UPDATE jobs SET outcome = 'cancelled', finished_at = now(), attempts = gone.attempts, started_at = gone.started_at
FROM gone WHERE jobs.id = :id
RETURNING jobs.id, jobs.name, jobs.outcome, jobs.visible, jobs.principal, jobs.done, jobs.total, jobs.message,
    jobs.attempts
""")
# The new ticket's fence begins above all that the one before can have reached: whoever held the job then is nobody now.
_AGAIN = text("""
WITH again AS (
    UPDATE jobs SET outcome = NULL, finished_at = NULL, started_at = NULL, result = NULL, error = NULL, attempts = 0,
        done = NULL, total = NULL, message = NULL
    WHERE id = ANY (CAST(:ids AS uuid[])) AND outcome = 'failed'
    RETURNING id, tenant_id, name, queue, lane, lane_limit, traceparent
)
INSERT INTO job_tickets (job_id, tenant_id, name, queue, lane, lane_limit, traceparent, fence)
SELECT id, tenant_id, name, queue, lane, lane_limit, traceparent, extract(epoch FROM now()) * 1000 FROM again
RETURNING job_id
""")
# Of several with one key the last goes, and none while a newer one lives.
_FAILED = text("""
SELECT id FROM jobs j
WHERE outcome = 'failed' AND (CAST(:name AS text) IS NULL OR name = :name) AND (visible OR NOT :visible)
AND (CAST(:jobs AS uuid[]) IS NULL OR id = ANY (CAST(:jobs AS uuid[])))
AND (unique_key IS NULL OR NOT EXISTS (
    SELECT FROM jobs other
    WHERE other.name = j.name AND other.unique_key = j.unique_key
    AND (other.outcome IS NULL OR (other.outcome = 'failed' AND (other.finished_at, other.id) > (j.finished_at, j.id)))
))
ORDER BY finished_at, id LIMIT :most
""")
_VISIBLE = text("SELECT outcome FROM jobs WHERE id = :id AND (visible OR NOT :visible)")


async def cancel(session: AsyncSession, job: UUID, tell: Tell, *, tenant: UUID, visible: bool = True) -> None:
    """What waits never runs from the commit on, whether a worker is up or not; what runs is told to stop.

    Raises `NotFound`, and `NotCancellable` for a job that has ended.
    """
    await _known(session, job, visible)
    ticket = (await session.execute(_TICKET, {"id": job})).first()
    if ticket is None:
        raise NotCancellable
    if ticket.state == "running":
        await session.execute(_ASK, {"id": job})
        return
    row = (await session.execute(_END, {"id": job})).mappings().one()
    if row["visible"]:
        tell(session, TaskNotice.of(row, tenant))


async def retry(session: AsyncSession, job: UUID, *, visible: bool = True) -> None:
    """A dead letter runs again, with all its tries. Raises `NotFound`, `NotRetriable`."""
    await _known(session, job, visible)
    if not await _again(session, [job]):
        raise NotRetriable


async def retry_failed(
    session: AsyncSession, *, name: str | None, most: int, jobs: Sequence[UUID] | None = None, visible: bool = True
) -> int:
    """The oldest dead letters of the tenant run again, of one kind or of all; how many. Of `jobs` alone where given.

    Those whose key a newer job has are left where they are.
    """
    asked = {"name": name, "visible": visible, "most": most, "jobs": None if jobs is None else list(jobs)}
    found = await session.execute(_FAILED, asked)
    return await _again(session, list(found.scalars()))


async def _known(session: AsyncSession, job: UUID, visible: bool) -> None:
    if (await session.execute(_VISIBLE, {"id": job, "visible": visible})).first() is None:
        raise NotFound


async def _again(session: AsyncSession, jobs: Sequence[UUID]) -> int:
    try:
        return len((await session.execute(_AGAIN, {"ids": list(jobs)})).all())
    except IntegrityError as error:
        raise NotRetriable("A newer task of the same kind and key is waiting or running.") from error
