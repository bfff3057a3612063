"""Files whose time is over are removed, and objects that no file names."""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

from esteio.db.batches import batch
from esteio.db.database import Database
from esteio.files.store import Object, Store
from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind, Schedule
from esteio.jobs.retention import tenants
from esteio.jobs.run import Run

PORTION = 100
GRACE = timedelta(days=1)
"""An object is written before its row, in a run that lasts hours at most: one without a row that is older is lost."""


class FilePurgeOrder(BaseModel):
    """What is over goes; there is nothing to choose."""


class PurgedFiles(BaseModel):
    """How many files were over, how many objects belonged to none, how many uploads were never finished."""

    files: int = 0
    orphans: int = 0
    unfinished: int = 0


FILE_PURGE = JobKind(name="platform.purge_files", payload=FilePurgeOrder, time_limit=3600.0)
FILE_PURGE_SCHEDULE = Schedule(kind=FILE_PURGE, cron="37 * * * *", payload=FilePurgeOrder())

_OVER = """
SELECT id, key FROM files WHERE expires_at < $1 OR deleted_at IS NOT NULL ORDER BY expires_at LIMIT $2
"""
_REMOVE = "DELETE FROM files WHERE id = ANY ($1::uuid[])"
_KNOWN = "SELECT key FROM files WHERE key = ANY ($1::text[])"


async def purge_files(run: Run, order: FilePurgeOrder) -> PurgedFiles:
    """The object goes first, then its row: cut off in between, the next run finds the row again and ends it."""
    purged = PurgedFiles()
    store, now = run.resources.files.store, run.clock.now()
    async for tenant in tenants(run.database):
        purged.files += await _over(run.database, store, tenant, now)
        run.progress(purged.files)
    async for portion in store.listed():
        purged.orphans += await _orphans(run.database, store, [item for item in portion if item.modified < now - GRACE])
        run.progress(purged.files + purged.orphans)
    purged.unfinished = await store.drop_unfinished(now - GRACE)
    return purged


FILE_PURGE_JOB = Job(FILE_PURGE, purge_files)


async def _over(database: Database, store: Store, tenant: UUID, now: datetime) -> int:
    removed = 0
    while True:
        async with batch(database, tenant) as connection:
            rows = await connection.fetch(_OVER, now, PORTION)
        for row in rows:
            await store.delete(row["key"])
        async with batch(database, tenant) as connection:
            await connection.execute(_REMOVE, [row["id"] for row in rows])
        removed += len(rows)
        if len(rows) < PORTION:
            return removed


async def _orphans(database: Database, store: Store, old: list[Object]) -> int:
    """Remove those of the old objects that are named as ours are and belong to no file. Others are not ours."""
    by_tenant: dict[UUID, list[str]] = {}
    for item in old:
        tenant = _tenant_of(item.key)
        if tenant is not None:
            by_tenant.setdefault(tenant, []).append(item.key)
    removed = 0
    for tenant, keys in by_tenant.items():
        async with batch(database, tenant) as connection:
            known = {row["key"] for row in await connection.fetch(_KNOWN, keys)}
        for key in set(keys) - known:
            await store.delete(key)
            removed += 1
    return removed


def _tenant_of(key: str) -> UUID | None:
    """Whose object it is, from a key of the form `tenant/id`."""
    parts = key.split("/")
    try:
        tenant, _ = (UUID(part) for part in parts)
    except ValueError:
        return None
    return tenant if key == f"{tenant}/{UUID(parts[1])}" else None
