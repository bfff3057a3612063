"""Which errors mean that the database cannot serve now, rather than that it was asked something wrong."""

import asyncpg

from esteio.base.errors import Unavailable

FAILURES: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.PostgresSystemError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.UndefinedTableError,
)
"""What a database makes the driver raise that is down, silent, starting, full, overloaded, or not migrated yet.

A deadlock or a serialization failure is among them: whoever met it did nothing and may try again.
"""

BROKEN: tuple[type[BaseException], ...] = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InternalClientError,
)
"""What shows that a connection had ended before it was asked anything, or while it was asked.

The last is what the driver says of a connection on which the server's farewell has just come in unasked.
"""


def unavailable(error: BaseException) -> Unavailable:
    """The 503 for a database failure; the caller learns nothing of its kind, the log does."""
    return Unavailable("The database is unavailable.", retry_after=2, operator=f"{type(error).__name__}: {error}")
