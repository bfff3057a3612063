"""What PostgreSQL knows of backups: when the last was made, and why one was not. What there is, the store says."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from esteio.backups.manifest import Manifest
from esteio.db.batches import batch
from esteio.db.database import Database
from esteio.db.tenancy import Connection
from esteio.telemetry.metrics import Family

REMEMBERED = timedelta(days=400)
_LONGEST = 500

_BEGIN = "INSERT INTO backups (id, made_by, started_at, state) VALUES ($1, $2, $3, 'running')"
# Only one makes a backup at a time: whoever has the turn finds that those who had it before and did not end are gone.
_LOST = """
UPDATE backups SET state = 'failed', finished_at = $2, error = 'The process that made it was lost.'
WHERE state = 'running' AND id <> $1
"""
_MADE = """
UPDATE backups SET state = 'made', finished_at = $2, taken_at = $3, size = $4, files = $5, lost = $6 WHERE id = $1
"""
_FAILED = """
INSERT INTO backups (id, made_by, started_at, state, finished_at, error) VALUES ($1, $4, $2, 'failed', $2, $3)
ON CONFLICT (id) DO UPDATE SET state = 'failed', finished_at = $2, error = $3
"""
_FORGET = "DELETE FROM backups WHERE started_at < $1"
_LAST = """
SELECT max(finished_at) FILTER (WHERE state = 'made') AS made, max(taken_at) AS taken,
    max(finished_at) FILTER (WHERE state = 'failed') AS failed,
    (array_agg(size ORDER BY finished_at DESC) FILTER (WHERE state = 'made'))[1] AS size,
    (array_agg(lost ORDER BY finished_at DESC) FILTER (WHERE state = 'made'))[1] AS lost,
    (array_agg(extract(epoch FROM finished_at - started_at)::float8 ORDER BY finished_at DESC)
        FILTER (WHERE state = 'made'))[1] AS seconds,
    (array_agg(error ORDER BY finished_at DESC) FILTER (WHERE state = 'failed'))[1] AS error
FROM backups
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The last backup that was made and the last that was not; `None` before the first."""

    made: datetime | None
    taken: datetime | None
    failed: datetime | None
    size: int | None
    lost: int | None
    seconds: float | None
    error: str | None


async def begin(database: Database, backup: str, made_by: str, now: datetime) -> None:
    """A backup is being made; those that were and are no more have failed."""
    async with batch(database, None) as connection:
        await connection.execute(_LOST, backup, now)
        await connection.execute(_FORGET, now - REMEMBERED)
        await connection.execute(_BEGIN, backup, made_by[:100], now)


async def made(database: Database, manifest: Manifest) -> None:
    """It is there."""
    lost = sum(one.why != "over" for one in manifest.lost)
    async with batch(database, None) as connection:
        await connection.execute(
            _MADE, manifest.id, manifest.finished_at, manifest.taken_at, manifest.size, manifest.file_count, lost
        )


async def failed(database: Database, backup: str, made_by: str, now: datetime, why: str) -> None:
    """It came to nothing, perhaps before it was begun."""
    async with batch(database, None) as connection:
        await connection.execute(_FAILED, backup, now, why[:_LONGEST], made_by[:100])


async def standing(connection: Connection) -> Standing:
    """How backups stand, by what this database knows."""
    row = (await connection.fetch(_LAST))[0]
    return Standing(**dict(row))


async def backup_figures(connection: Connection) -> list[Family]:
    """The metrics of backups; those of which nothing is known yet are left out.

    So are all before the table is there: a database whose migrations are pending is told of by another metric.
    """
    if await connection.fetchval("SELECT to_regclass('backups')::text") is None:
        return []
    stand = await standing(connection)
    said = (
        ("last_success_timestamp_seconds", "End of the last backup that was made", stand.made),
        ("last_failure_timestamp_seconds", "End of the last backup that failed", stand.failed),
        ("last_moment_timestamp_seconds", "Moment whose state the last backup holds", stand.taken),
        ("last_duration_seconds", "Time that the last backup took", stand.seconds),
        ("last_size_bytes", "Bytes of the last backup as it is stored", stand.size),
        ("last_lost_files", "Files that rows named and the last backup did not find", stand.lost),
    )
    return [
        Family(f"esteio_backup_{name}", words).add(value.timestamp() if isinstance(value, datetime) else float(value))
        for name, words, value in said
        if value is not None
    ]
