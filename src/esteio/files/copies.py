"""The rows of a query as a stream, straight from PostgreSQL's COPY, as one tenant sees them at one moment."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from esteio.db.database import Database
from esteio.db.failures import FAILURES, unavailable
from esteio.db.reading import Reading
from esteio.db.tenancy import SETTING

Sink = Callable[[bytes], Coroutine[Any, Any, None]]

CSV: Mapping[str, Any] = {"format": "csv", "header": True, "encoding": "utf-8"}
LINES: Mapping[str, Any] = {"format": "csv", "quote": "\x01", "delimiter": "\x02", "encoding": "utf-8"}
"""One column of text without control characters, such as JSON, a line for each row: it is never quoted."""


class Snapshot:
    """A read-only transaction that sees the tenant's rows as they were when it began."""

    def __init__(self, connection: asyncpg.Connection, within: float) -> None:
        self._connection = connection
        self._within = within

    async def count(self, query: Reading, values: Mapping[str, Any]) -> int:
        """The number that the query gives."""
        return int(await self._connection.fetchval(query.plain, *query.arguments(dict(values)), timeout=self._within))

    async def copy(self, query: Reading, values: Mapping[str, Any], form: Mapping[str, Any], sink: Sink) -> int:
        """Give the rows to the sink, some at a time and always whole; how many there were.

        While the sink takes its time PostgreSQL waits: nothing heaps up here.
        """
        done = await self._connection.copy_from_query(
            query.plain, *query.arguments(dict(values)), output=sink, timeout=self._within, **form
        )
        return int(done.rpartition(" ")[2])


@asynccontextmanager
async def snapshot(database: Database, tenant: UUID, *, within: float) -> AsyncIterator[Snapshot]:
    """A connection of its own for a long read, so that nobody waits for it. Raises `Unavailable`.

    Its statements may take `within` seconds; for everybody else the house's time-outs stay what they are.
    """
    entering = (
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
        f"SELECT set_config('{SETTING}', '{UUID(str(tenant))}', true); "
        f"SET LOCAL statement_timeout = {int(within * 1000)}"
    )
    connection: asyncpg.Connection | None = None
    try:
        connection = await database.connect()
        await connection.execute(entering)
        yield Snapshot(connection, within)
    except FAILURES as error:
        raise unavailable(error) from error
    finally:
        if connection is not None:
            connection.terminate()  # nothing was written, so that there is nothing to say farewell for
