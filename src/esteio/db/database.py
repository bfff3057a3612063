"""The two ways to PostgreSQL: a pool for reads in one statement, an engine for transactions that write."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID
from weakref import WeakSet

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from esteio.db.failures import BROKEN, FAILURES, unavailable
from esteio.db.farewell import Brief
from esteio.db.patience import Patience
from esteio.db.reading import Reading
from esteio.db.settings import DatabaseSettings

_FAREWELL = 1.0


class Database:
    """Opened once a process. Every wait is bounded: for a connection, for an answer, and for both together.

    `options` are settings of PostgreSQL for all its connections.
    """

    def __init__(
        self, settings: DatabaseSettings, *, name: str = "esteio", options: Mapping[str, str] | None = None
    ) -> None:
        self.settings = settings
        self._name = name
        self._options = dict(options or {})
        self._pool: asyncpg.Pool | None = None
        self._engine: AsyncEngine | None = None
        self._writing: WeakSet[asyncpg.Connection] = WeakSet()

    async def open(self) -> None:
        """Prepare the pools. The database may still be down: then the first use says so, and a later one heals."""
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect_for_writing,
            pool_size=self.settings.pool_max,
            max_overflow=0,
            pool_timeout=self.settings.acquire_timeout,
            pool_pre_ping=False,
            # The message of a failed statement reaches the log; its values may be secrets or somebody's data.
            hide_parameters=True,
        )
        await self._open_pool()

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()
        if self._engine is not None:
            with suppress(Exception):
                async with asyncio.timeout(_FAREWELL):
                    await self._engine.dispose()
        for connection in list(self._writing):
            connection.terminate()  # of those that are left: a silent server hears no farewell

    async def connect(self, **options: Any) -> asyncpg.Connection:
        """A connection that has taken on the runtime role and the house's time-outs.

        Raises `Unavailable` where the server refuses it: no such database, role or password is not the caller's fault.
        """
        try:
            return await self._connect(**options)
        except asyncpg.PostgresError as error:
            raise unavailable(error) from error

    async def _connect_for_writing(self, *_: Any, **__: Any) -> asyncpg.Connection:
        connection = await self.connect(connection_class=Brief)
        self._writing.add(connection)
        return connection

    async def _connect(self, **options: Any) -> asyncpg.Connection:
        settings = self.settings
        return await asyncpg.connect(
            settings.url.get_secret_value(),
            timeout=settings.connect_timeout,
            command_timeout=settings.statement_timeout + 0.5,
            server_settings={
                "role": settings.runtime_role,
                "application_name": self._name,
                "timezone": "UTC",
                "jit": "off",
                "statement_timeout": f"{settings.statement_timeout * 1000:.0f}",
                "lock_timeout": f"{settings.lock_timeout * 1000:.0f}",
                "idle_in_transaction_session_timeout": "15000",
                **self._options,
            },
            **options,
        )

    async def _open_pool(self) -> asyncpg.Pool:
        if self._pool is None:
            pool = asyncpg.create_pool(
                connect=lambda *_, **options: self.connect(**options),
                min_size=0,
                max_size=self.settings.pool_max,
                reset=_leave_as_is,
            )
            self._pool = await pool
        return self._pool

    async def read(self, tenant: UUID | None, reading: Reading, *values: Any) -> Sequence[asyncpg.Record]:
        """The rows of a reading as the tenant sees them, in one round trip. Raises `Unavailable`.

        A connection that broke while it was idle is replaced once, since nothing was written.
        """
        arguments = (*values, str(tenant)) if tenant is not None else values
        sql = reading.scoped if tenant is not None else reading.plain
        settings = self.settings
        try:
            with Patience(settings.statement_timeout + settings.acquire_timeout, settings.request_timeout) as seconds:
                async with asyncio.timeout(seconds):
                    try:
                        return await self._fetch(sql, arguments)
                    except BROKEN:
                        await self._forget_idle()
                        return await self._fetch(sql, arguments)
        except FAILURES as error:
            raise unavailable(error) from error

    async def _forget_idle(self) -> None:
        """Where one connection broke the others most likely did: the next use makes a new one."""
        assert self._pool is not None, "the database is not open"
        await self._pool.expire_connections()

    async def _fetch(self, sql: str, arguments: Sequence[Any]) -> Sequence[asyncpg.Record]:
        assert self._pool is not None, "the database is not open"
        connection = await self._pool.acquire(timeout=self.settings.acquire_timeout)
        try:
            rows: Sequence[asyncpg.Record] = await connection.fetch(sql, *arguments)
            return rows
        except (TimeoutError, asyncio.CancelledError, asyncpg.InternalClientError):
            # A silent server would also be silent to the polite way of ending a query.
            connection.terminate()
            raise
        finally:
            await self._pool.release(connection)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        """A connection of the read pool, for checks and for listening."""
        assert self._pool is not None, "the database is not open"
        try:
            connection = await self._pool.acquire(timeout=self.settings.acquire_timeout)
            try:
                yield connection
            except (TimeoutError, asyncio.CancelledError):
                connection.terminate()
                raise
            finally:
                await self._pool.release(connection)
        except FAILURES as error:
            raise unavailable(error) from error

    def session(self) -> AsyncSession:
        """A session for one transaction; `transaction.transaction` is the way to use it."""
        assert self._engine is not None, "the database is not open"
        return AsyncSession(self._engine, expire_on_commit=False, autoflush=False)


async def _leave_as_is(connection: asyncpg.Connection) -> None:
    """Reads change nothing of a session, so that nothing has to be reset: this saves a round trip."""
