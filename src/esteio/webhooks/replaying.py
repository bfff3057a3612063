"""Sending many deliveries again, a portion to a transaction, as a task that can be watched."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.jobs.errors import Permanent
from esteio.jobs.job import Job
from esteio.jobs.run import Run
from esteio.webhooks.deliveries import send_again
from esteio.webhooks.kinds import REPLAY, Replayed, ReplayOrder

PORTION = 200

_OPEN = text("SELECT 1 FROM webhook_endpoints WHERE id = :id AND enabled AND deleted_at IS NULL")

# Those that this replay has sent already are left out, also when its job runs again; those that are pending are going
# to be sent anyway.
_ENDED = text("""
SELECT id FROM webhook_deliveries
WHERE endpoint_id = :endpoint AND created_at >= :since AND created_at < :until AND state <> 'pending'
  AND (CAST(:which AS text) = 'all' OR state = 'failed') AND replayed_by IS DISTINCT FROM CAST(:by AS uuid)
ORDER BY created_at, id LIMIT :most FOR UPDATE
""")


async def replay(run: Run, order: ReplayOrder) -> Replayed:
    """Each delivery of the range is sent once, in the order in which they were written down."""
    done = 0
    while True:
        async with run.transaction() as session:
            portion = await _portion(session, run, order)
        done += portion
        run.progress(done)
        if portion < PORTION:
            return Replayed(deliveries=done)


async def _portion(session: AsyncSession, run: Run, order: ReplayOrder) -> int:
    if (await session.execute(_OPEN, {"id": order.endpoint})).first() is None:
        raise Permanent("The endpoint is disabled or gone.")
    values = {**dict(order), "by": run.id, "most": PORTION}
    found: list[UUID] = list((await session.execute(_ENDED, values)).scalars())
    if found:
        await send_again(session, dict.fromkeys(found, order.endpoint), tenant=run.tenant, by=run.id)
    return len(found)


REPLAY_JOB = Job(REPLAY, replay)
