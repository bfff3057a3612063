"""Statements for many rows at once, in one transaction of one tenant, without the cost of a session.

For the carrying of jobs and facts, which does the same few statements thousands of times. What a use case writes goes
through `transaction`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from esteio.db.database import Database
from esteio.db.failures import FAILURES, unavailable
from esteio.db.openness import within_transaction
from esteio.db.spans import watched
from esteio.db.tenancy import SETTING


@asynccontextmanager
async def batch(
    database: Database, tenant: UUID | None, *, budget: float | None = None
) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    """A connection in a transaction that runs as the tenant, or as nobody: then it sees no tenant's rows.

    Committed at the end, rolled back on any error, over within `budget` seconds (without one, the settings'
    `transaction_timeout`). Raises `Unavailable`.
    """
    # Written into the text, so that beginning and entering are one round trip; a UUID cannot be anything else.
    entering = "BEGIN" if tenant is None else f"BEGIN; SELECT set_config('{SETTING}', '{UUID(str(tenant))}', true)"
    most = database.settings.transaction_timeout if budget is None else budget
    try:
        async with database.connection() as connection, asyncio.timeout(most):
            with watched(connection):
                async with _within(connection, entering):
                    yield connection
    except FAILURES as error:
        raise unavailable(error) from error


@asynccontextmanager
async def _within(connection: asyncpg.pool.PoolConnectionProxy, entering: str) -> AsyncIterator[None]:
    await connection.execute(entering)
    try:
        with within_transaction():
            yield
    except (TimeoutError, asyncio.CancelledError):
        raise  # then the connection is dropped by who lent it
    except FAILURES:
        connection.terminate()  # a silent server would be silent to a rollback too
        raise
    except BaseException:
        await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")
