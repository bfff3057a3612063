"""One question on a lent connection, which goes back to its pool."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg


async def fetched(
    pool: asyncpg.Pool, lent: asyncpg.pool.PoolConnectionProxy, sql: str, arguments: Sequence[Any]
) -> Sequence[asyncpg.Record]:
    """The rows. Where there are none in time the connection is dropped."""
    try:
        rows: Sequence[asyncpg.Record] = await lent.fetch(sql, *arguments)
        return rows
    except (TimeoutError, asyncio.CancelledError, asyncpg.InternalClientError):
        # A silent server would also be silent to the polite way of ending a query.
        lent.terminate()
        raise
    finally:
        await pool.release(lent)
