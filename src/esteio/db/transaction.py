"""The one way in which anything is written: a transaction that knows its tenant and what follows its commit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.db.database import FAILURES, Database, unavailable
from esteio.db.tenancy import SETTING

_SET_TENANT = text(f"SELECT set_config('{SETTING}', :tenant, true)")

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


@asynccontextmanager
async def transaction(database: Database, tenant: UUID | None, *, budget: float = 5.0) -> AsyncIterator[AsyncSession]:
    """A session in one transaction: committed at the end, rolled back on any error, over within `budget` seconds.

    Raises `Unavailable` when the database is down, silent or full. A commit that fails raises too: who answered
    before it would have told a lie.
    """
    session = database.session()
    try:
        async with asyncio.timeout(budget):
            if tenant is not None:
                await enter_tenant(session, tenant)
            yield session
            await session.commit()
    except BaseException as error:
        await _abandon(session, broken=_is_failure(error))
        if _is_failure(error):
            raise unavailable(error) from error
        raise
    await session.close()
    for step in session.info.get("after_commit", ()):
        await step()


def _is_failure(error: BaseException) -> bool:
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
        async with asyncio.timeout(1.0):
            await (session.invalidate() if broken else session.rollback())
    with suppress(Exception):
        async with asyncio.timeout(1.0):
            await session.close()
