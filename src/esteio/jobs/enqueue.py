"""Writing a job down in the caller's transaction: it exists if and only if that transaction commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.ids import new_id
from esteio.jobs.contents import contents
from esteio.jobs.kinds import JobKind, Payload
from esteio.jobs.spans import enqueuing
from esteio.telemetry.context import current
from esteio.telemetry.tracing.spans import traceparent

_MOST_TURNS = 3
_LONGEST_KEY = 200

_ENQUEUE = text("""
WITH asked AS (
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:payloads AS text[]), CAST(:keys AS text[]), CAST(:lanes AS uuid[]),
                         CAST(:delays AS float8[])) AS a (id, payload, unique_key, lane, delay)
), written AS (
    INSERT INTO jobs (id, tenant_id, name, queue, lane, lane_limit, visible, payload, unique_key, principal,
                      request_id, trace_id, traceparent)
    SELECT id, CAST(:tenant AS uuid), :name, :queue, lane, :lane_limit, :visible, payload::jsonb, unique_key,
           :principal, :request_id, :trace_id, CAST(:traceparent AS text)
    FROM asked
    ON CONFLICT (tenant_id, name, unique_key) WHERE unique_key IS NOT NULL AND outcome IS NULL DO NOTHING
    RETURNING id
)
INSERT INTO job_tickets (job_id, tenant_id, name, queue, lane, lane_limit, due_at, traceparent)
SELECT id, CAST(:tenant AS uuid), :name, :queue, lane, :lane_limit, now() + delay * interval '1 second',
       CAST(:traceparent AS text)
FROM asked JOIN written USING (id)
RETURNING job_id
""")

_LIVING = text("""
SELECT unique_key, id FROM jobs
WHERE name = :name AND unique_key = ANY (CAST(:keys AS text[])) AND outcome IS NULL
""")

_ALIVE = text("SELECT id FROM jobs WHERE id = ANY (CAST(:ids AS uuid[])) AND outcome IS NULL")


@dataclass(frozen=True, slots=True)
class Order(Generic[Payload]):
    """One job to be written down.

    key: while a job of this kind and key lives in the tenant, asking again gives that one. lane: with which others it
    takes turns, the tenant unless said. delay: seconds before it may run.
    """

    payload: Payload
    key: str | None = None
    lane: UUID | None = None
    delay: float = 0.0


async def enqueue(
    session: AsyncSession,
    kind: JobKind[Payload],
    payload: Payload,
    *,
    tenant: UUID,
    principal: str,
    key: str | None = None,
    delay: float = 0.0,
) -> UUID:
    """The id of the new job, or of the one that lives under the same key. Waits for no broker.

    It keeps the request id and trace id of the request that asks, so that its logs and facts carry them.
    """
    orders = [Order(payload, key, None, delay)]
    return (await enqueue_all(session, kind, orders, tenant=tenant, principal=principal))[0]


async def enqueue_all(
    session: AsyncSession, kind: JobKind[Payload], orders: Sequence[Order[Payload]], *, tenant: UUID, principal: str
) -> list[UUID]:
    """The same for many jobs of one kind in one statement; ids in the order of what was asked.

    Raises `PayloadTooLarge` and `Invalid` for an order that cannot be kept; nothing is written then.
    """
    if any(order.key is not None and len(order.key) > _LONGEST_KEY for order in orders):
        raise ValueError(f"a key of {kind.name} has more than {_LONGEST_KEY} characters")
    found: dict[int, UUID] = {}
    for _ in range(_MOST_TURNS):
        rest = [place for place in range(len(orders)) if place not in found]
        if not rest:
            break
        with enqueuing(kind, len(rest)):
            found |= await _write(session, kind, {place: orders[place] for place in rest}, tenant, principal)
    if len(found) < len(orders):
        raise RuntimeError(f"jobs of {kind.name} ended faster than they could be found")
    return [found[place] for place in range(len(orders))]


async def living(session: AsyncSession, kind: JobKind[Any], keys: Sequence[str]) -> set[str]:
    """Which of these keys a job of the kind lives under in the tenant: it waits, rests or runs."""
    found = await session.execute(_LIVING, {"name": kind.name, "keys": list(keys)})
    return {row.unique_key for row in found}


async def alive(session: AsyncSession, jobs: Sequence[UUID]) -> set[UUID]:
    """Which of these jobs of the tenant live: they wait, rest or run."""
    return set((await session.execute(_ALIVE, {"ids": list(jobs)})).scalars())


async def _write(
    session: AsyncSession, kind: JobKind[Payload], orders: dict[int, Order[Payload]], tenant: UUID, principal: str
) -> dict[int, UUID]:
    """The places of those that are written, or were there already; one that ended in between is in neither."""
    await session.flush()
    ids = {place: new_id() for place in orders}
    result = await session.execute(
        _ENQUEUE, _values(kind, list(orders.values()), list(ids.values()), tenant, principal)
    )
    written = set(result.scalars())
    found = {place: job for place, job in ids.items() if job in written}
    keys = {order.key: place for place, order in orders.items() if place not in found and order.key is not None}
    if keys:
        living = await session.execute(_LIVING, {"name": kind.name, "keys": list(keys)})
        known = {row.unique_key: row.id for row in living}
        found |= {place: known[key] for place, order in orders.items() if (key := order.key) in known}
    return found


def _values(
    kind: JobKind[Payload], orders: Sequence[Order[Payload]], ids: Sequence[UUID], tenant: UUID, principal: str
) -> dict[str, Any]:
    context = current.get()
    return {
        "ids": ids,
        "payloads": [contents(order.payload, "The job's order") for order in orders],
        "keys": [order.key for order in orders],
        "lanes": [order.lane or tenant for order in orders],
        "delays": [order.delay for order in orders],
        "tenant": tenant,
        "name": kind.name,
        "queue": kind.queue,
        "lane_limit": kind.lane_limit,
        "visible": kind.visible,
        "principal": principal,
        "request_id": context.request_id if context else None,
        "trace_id": context.trace_id if context else None,
        "traceparent": traceparent(),
    }
