"""What an operator sees of jobs: all of a tenant's, internal ones included, with where they stand."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from esteio.db.database import Database
from esteio.db.reading import Reading

STATES = ("queued", "running", "retrying", "succeeded", "failed", "cancelled")

_COLUMNS = """
SELECT j.id, j.name, coalesce(j.outcome, t.state) AS state, j.queue, j.visible, j.unique_key,
    coalesce(t.attempts, j.attempts) AS attempts, t.crashes, t.due_at, t.published_at, t.worker, t.lease_until,
    t.cancel_requested, j.principal, j.request_id, j.trace_id, j.created_at,
    coalesce(j.started_at, t.started_at) AS started_at, j.finished_at, j.done, j.total, j.message,
    j.payload, j.result, j.error
FROM jobs j LEFT JOIN job_tickets t ON t.job_id = j.id
"""
_LIST = Reading(
    _COLUMNS
    + """
WHERE ($1::text IS NULL OR coalesce(j.outcome, t.state) = $1) AND ($2::text IS NULL OR j.name = $2)
ORDER BY j.created_at DESC, j.id DESC LIMIT $3
""",
    ("state", "name", "most"),
)
_ONE = Reading(_COLUMNS + "WHERE j.id = $1", ("id",))
_OBJECTS = ("payload", "result", "error")


async def jobs_of(
    database: Database, tenant: UUID, *, state: str | None, name: str | None, most: int
) -> Sequence[dict[str, Any]]:
    """The newest jobs first. Raises `Unavailable`."""
    return [_shown(row) for row in await database.read(tenant, _LIST, state, name, most)]


async def one_job(database: Database, tenant: UUID, job: UUID) -> dict[str, Any] | None:
    """The job with its payload, or `None` where the tenant has none of this id. Raises `Unavailable`."""
    rows = await database.read(tenant, _ONE, job)
    return _shown(rows[0]) if rows else None


def _shown(row: Any) -> dict[str, Any]:
    found = dict(row)
    for name in _OBJECTS:
        if isinstance(found[name], str):
            found[name] = orjson.loads(found[name])
    return found
