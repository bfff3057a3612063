"""Taking facts off the outbox, in the order of writing, by one process at a time for each consumer.

Every fact waits once for each consumer: `fanout` turns facts into deliveries of webhooks and jobs of subscribers,
`realtime` shows them to browsers. One that is away holds up nobody else.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from esteio.db.batches import batch
from esteio.db.database import Database
from esteio.db.tenancy import SETTING

CHANNEL = "esteio_outbox"
Consumer = Literal["fanout", "realtime"]
CONSUMERS: tuple[Consumer, ...] = ("fanout", "realtime")
_TURNS = 0x6F757462
"""The advisory locks of consumers; the second number says which."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of the outbox. `data` is JSON."""

    position: int
    id: UUID
    tenant: UUID
    name: str
    subject: str
    data: str
    principal: str
    request_id: str | None
    trace_id: str | None
    occurred_at: datetime
    traceparent: str | None = None


_NEXT = "SELECT position, tenant_id FROM outbox_queue WHERE consumer = $1 ORDER BY position LIMIT $2"
_FACTS = """
SELECT position, id, tenant_id, name, subject, data, principal, request_id, trace_id, occurred_at, traceparent
FROM outbox WHERE position = ANY ($1::bigint[])
"""
_DONE = "DELETE FROM outbox_queue WHERE consumer = $1 AND position = ANY ($2::bigint[])"


@asynccontextmanager
async def next_facts(database: Database, consumer: Consumer, most: int) -> AsyncIterator[Sequence[Fact]]:
    """The oldest facts that wait for the consumer; they are off its queue when the block ends without an error.

    Empty when none waits and while another process has the turn. What the block does must bear being done twice: a
    process may die after it. Raises `Unavailable`.
    """
    async with batch(database, None, budget=10.0) as connection:
        turn = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1, $2)", _TURNS, CONSUMERS.index(consumer))
        rows = await connection.fetch(_NEXT, consumer, most) if turn else []
        yield await _read(connection, rows) if rows else ()
        if rows:
            await connection.execute(_DONE, consumer, [row["position"] for row in rows])


async def waiting(database: Database) -> dict[str, int]:
    """How many facts wait, by consumer."""
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT consumer, count(*) AS facts FROM outbox_queue GROUP BY consumer")
    return dict.fromkeys(CONSUMERS, 0) | {row["consumer"]: row["facts"] for row in rows}


async def _read(connection: asyncpg.pool.PoolConnectionProxy, rows: Sequence[asyncpg.Record]) -> list[Fact]:
    found: list[Fact] = []
    for tenant in {row["tenant_id"] for row in rows}:
        mine = [row["position"] for row in rows if row["tenant_id"] == tenant]
        await connection.execute(f"SELECT set_config('{SETTING}', $1, true)", str(tenant))
        found += [Fact(*row) for row in await connection.fetch(_FACTS, mine)]
    return sorted(found, key=lambda fact: fact.position)
