"""What the processes use, for operators; what a tenant has under way and stored, for itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.database import Database
from esteio.db.reading import Reading
from esteio.traffic.periods import Window
from esteio.traffic.schemas import DeliveriesView, FilesView, JobsView, ProcessView, TenantUseView, UnderWayView

MOST_PROCESSES = 100

_PROCESSES = Reading(
    f"""
SELECT name, kind, max(at) AS seen_at, (array_agg(cpu_seconds ORDER BY at DESC))[1] AS cpu_seconds,
    CASE WHEN count(*) > 1 THEN (max(cpu_seconds) - min(cpu_seconds)) / extract(epoch FROM max(at) - min(at))::float8
    END AS cpu_share,
    (array_agg(memory_bytes ORDER BY at DESC))[1] AS memory_bytes, max(memory_bytes) AS most_memory_bytes,
    (array_agg(open_files ORDER BY at DESC))[1] AS open_files, max(loop_lag) * 1000 AS loop_lag_ms,
    max(connections) AS connections, max(most_connections) AS most_connections
FROM traffic_processes WHERE at >= $1::timestamptz
GROUP BY writer, kind, name ORDER BY max(at) DESC, name LIMIT {MOST_PROCESSES}
""",  # noqa: S608 - made of constants
    ("begin",),
)
_LOST = Reading(
    "SELECT coalesce(sum(lost), 0)::bigint AS requests, coalesce(sum(callers_lost), 0)::bigint AS callers "
    "FROM traffic_processes WHERE at >= $1::timestamptz AND lost + callers_lost > 0",
    ("begin",),
)
_SLUGS = Reading("SELECT id, slug FROM tenants WHERE id = ANY ($1::uuid[])", ("ids",))
_UNDER_WAY = """
SELECT count(*) FILTER (WHERE state <> 'running') AS waiting, count(*) FILTER (WHERE state = 'running') AS running,
    coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE state <> 'running' AND due_at < now())), 0)::float8
    AS longest_wait
FROM job_tickets WHERE tenant_id = $1::uuid
"""
# Each count is of an index alone.
_USED = f"""
SELECT under_way.*, ended.*, files.*, deliveries.* FROM ({_UNDER_WAY}) AS under_way,
    (SELECT (SELECT count(*) FROM jobs WHERE tenant_id = $1::uuid AND outcome IS NOT NULL
        AND finished_at >= $2::timestamptz) AS ended,
    (SELECT count(*) FROM jobs WHERE tenant_id = $1::uuid AND outcome = 'failed'
        AND finished_at >= $2::timestamptz) AS failed,
    (SELECT count(*) FROM jobs WHERE tenant_id = $1::uuid AND outcome = 'failed') AS dead) AS ended,
    (SELECT count(*) AS files, coalesce(sum(size), 0)::bigint AS bytes FROM files
        WHERE tenant_id = $1::uuid AND deleted_at IS NULL AND expires_at > $3::timestamptz) AS files,
    (SELECT count(*) AS deliveries, greatest(extract(epoch FROM now() - min(next_at)), 0)::float8 AS delivery_due
        FROM webhook_deliveries WHERE tenant_id = $1::uuid AND state = 'pending') AS deliveries
"""  # noqa: S608 - made of constants
_TENANT_USE = Reading(_USED, ("tenant", "begin", "end"))
_STANDING = Reading(_UNDER_WAY, ("tenant",))


async def processes(database: Database, window: Window) -> list[ProcessView]:
    """Those that were seen in the window, the latest first. Raises `Unavailable`."""
    return [ProcessView(**row) for row in await database.read(None, _PROCESSES, window.begin)]


class Lost(NamedTuple):
    """Requests that could not be kept count of, of whichever tenant; those that were, but not with their caller."""

    requests: int
    callers: int


async def lost(database: Database, begin: datetime) -> Lost:
    """What was lost since then."""
    return Lost(**(await database.read(None, _LOST, begin))[0])


async def slugs(database: Database, ids: Sequence[UUID]) -> dict[UUID, str]:
    """What tenants are called, as the platform's tenant sees them."""
    rows = await database.read(DEFAULT_TENANT, _SLUGS, ids) if ids else []
    return {row["id"]: row["slug"] for row in rows}


async def tenant_use(database: Database, tenant: UUID, window: Window) -> TenantUseView:
    """The tenant's jobs in the window and now, and the files that are kept for it now."""
    row = (await database.read(tenant, _TENANT_USE, tenant, window.begin, window.end))[0]
    return TenantUseView(
        jobs=JobsView(ended=row["ended"], failed=row["failed"], dead=row["dead"], **_under_way(row)),
        deliveries=DeliveriesView(waiting=row["deliveries"], longest_wait=row["delivery_due"] or 0.0),
        files=FilesView(number=row["files"], bytes=row["bytes"]),
    )


async def under_way(database: Database, tenant: UUID) -> UnderWayView:
    """The tenant's jobs that wait or run now."""
    return UnderWayView(**_under_way((await database.read(tenant, _STANDING, tenant))[0]))


def _under_way(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in ("waiting", "running", "longest_wait")}
