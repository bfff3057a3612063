"""The one way in which anything is written: a transaction that knows its tenant and what follows its commit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.db.database import Database
from esteio.db.failures import BROKEN, FAILURES, unavailable
from esteio.db.openness import within_transaction
from esteio.db.patience import Patience
from esteio.db.tenancy import SETTING
from esteio.telemetry.tracing.spans import span

_COMMIT = {"db.system.name": "postgresql", "db.operation.name": "COMMIT"}
_SET_TENANT = text(f"SELECT set_config('{SETTING}', :tenant, true)")

_FAREWELL = 0.2
_ROLLBACK = 1.0

AfterCommit = Callable[[], Awaitable[None]]


def after_commit(session: AsyncSession, step: AfterCommit) -> None:
    """Run a step once the transaction has committed; a rollback forgets it. It must not fail what was committed."""
    session.info.setdefault("after_commit", []).append(step)


def touch(session: AsyncSession, kind: str) -> None:
    """Say that the running transaction changes things of this kind (`pet`): answers that show them become old."""
    session.info.setdefault("touched", set()).add(kind)


def touched(session: AsyncSession) -> frozenset[str]:
    """The kinds of things that the transaction has changed."""
    return frozenset(session.info.get("touched", ()))


async def enter_tenant(session: AsyncSession, tenant: UUID) -> None:
    """Make the rest of the transaction run as this tenant."""
    await session.execute(_SET_TENANT, {"tenant": str(tenant)})


async def leave_tenant(session: AsyncSession) -> None:
    """Make the rest of the transaction run as no tenant, until it enters one."""
    await session.execute(_SET_TENANT, {"tenant": ""})


@asynccontextmanager
async def transaction(
    database: Database, tenant: UUID | None, *, budget: float | None = None
) -> AsyncIterator[AsyncSession]:
    """A session in one transaction: committed at the end, rolled back on any error, over within `budget` seconds.

    Without a budget those are the settings' `transaction_timeout`. In a request the time that it has left for the
    database bounds it too. Raises `Unavailable` when the database is down, silent or full. A commit that fails raises
    too: who answered before it would have told a lie.
    """
    session = database.session()
    most = database.settings.transaction_timeout if budget is None else budget
    try:
        with within_transaction(), Patience(most, database.settings.request_timeout) as seconds:
            async with asyncio.timeout(seconds):
                if tenant is not None:
                    await _begin(session, tenant)
                yield session
                with span("COMMIT", "client", **_COMMIT):
                    await session.commit()
    except BaseException as error:
        failed = is_failure(error)
        await _abandon(session, broken=failed)
        if failed:
            raise unavailable(error) from error
        raise
    await session.close()
    if database.committed is not None:
        await database.committed()
    for step in session.info.get("after_commit", ()):
        await step()


async def _begin(session: AsyncSession, tenant: UUID) -> None:
    """Enter the tenant, on another connection where this one broke while it was idle: nothing was done on it yet."""
    try:
        await enter_tenant(session, tenant)
    except Exception as error:
        if not (isinstance(error, BROKEN) or (isinstance(error, DBAPIError) and error.connection_invalidated)):
            raise
        await session.invalidate()
        await enter_tenant(session, tenant)


def is_failure(error: BaseException) -> bool:
    """Whether the error says that the database cannot serve now."""
    if isinstance(error, PoolTimeout | OperationalError | InterfaceError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(_driver_error(error), FAILURES)
    return isinstance(error, FAILURES)


def _driver_error(error: DBAPIError) -> BaseException | None:
    return error.orig.__cause__ if error.orig is not None else None


async def _abandon(session: AsyncSession, *, broken: bool) -> None:
    """Roll back; where the server may be silent, drop the connection instead of asking it anything."""
    with suppress(Exception):
        async with asyncio.timeout(_FAREWELL if broken else _ROLLBACK):
            await (session.invalidate() if broken else session.rollback())
    with suppress(Exception):
        async with asyncio.timeout(_FAREWELL):
            await session.close()
