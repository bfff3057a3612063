"""The two ways to PostgreSQL: a pool for reads in one statement, an engine for transactions that write."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Any, Protocol
from uuid import UUID
from weakref import WeakSet

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import QueuePool

from esteio.db.connecting import Connector
from esteio.db.failures import BROKEN, FAILURES, unavailable
from esteio.db.farewell import Brief
from esteio.db.fetching import fetched
from esteio.db.metrics import READ, WRITE, TimedPool, acquire_seconds, timeouts
from esteio.db.patience import Patience
from esteio.db.reading import Reading
from esteio.db.settings import DatabaseSettings
from esteio.db.spans import statement_span, watch
from esteio.telemetry.context import current, present_span

_FAREWELL = 1.0


class ReadElsewhere(Protocol):
    """Other servers that may answer a read in the primary's place."""

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Sequence[asyncpg.Record] | None:
        """The rows, or `None` where the primary is to be asked. It must not fail."""
        ...


class Database:
    """Opened once a process. Every wait is bounded: for a connection, for an answer, and for both together.

    `options` are settings of PostgreSQL for all its connections. Whoever gives it `replicas` has reads asked there
    first; whoever gives it `committed` has it awaited after each commit of `transaction`, and it must not fail.
    """

    replicas: ReadElsewhere | None = None
    committed: Callable[[], Awaitable[None]] | None = None

    def __init__(
        self, settings: DatabaseSettings, *, name: str = "esteio", options: Mapping[str, str] | None = None
    ) -> None:
        self.settings = settings
        self.connector = Connector(settings, name, dict(options or {}))
        self._pool: asyncpg.Pool | None = None
        self._watched = False
        self._engine: AsyncEngine | None = None
        self._writing: WeakSet[asyncpg.Connection] = WeakSet()

    async def open(self) -> None:
        """Prepare the pools. The database may still be down: then the first use says so, and a later one heals."""
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            connect_args={"async_creator_fn": self._connect_for_writing, **self._statements()},
            poolclass=TimedPool,
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

    def _statements(self) -> dict[str, Any]:
        """Behind a pooler that loses them, statements of transactions go without a name."""
        if self.connector.names_statements:
            return {}
        return {"prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}

    async def connect(self, **options: Any) -> asyncpg.Connection:
        """A session of one's own, past any pooler, with the runtime role and the house's time-outs.

        Raises `Unavailable` where the server refuses it: no such database, role or password is not the caller's fault.
        """
        try:
            return await self.connector.direct(**options)
        except asyncpg.PostgresError as error:
            raise unavailable(error) from error

    async def connect_shared(self, **options: Any) -> asyncpg.Connection:
        """What the URL leads to, a session or a pooler; for statements and transactions. Raises `Unavailable`."""
        try:
            return await self.connector.shared(**options)
        except asyncpg.PostgresError as error:
            raise unavailable(error) from error

    async def _connect_for_writing(self, *_: Any, **__: Any) -> asyncpg.Connection:
        connection = await self.connect_shared(connection_class=Brief)
        self._writing.add(connection)
        return connection

    async def _open_pool(self) -> asyncpg.Pool:
        if self._pool is None:
            pool = asyncpg.create_pool(
                connect=lambda *_, **options: self.connect_shared(**options),
                min_size=0,
                max_size=self.settings.pool_max,
                reset=_leave_as_is,
            )
            self._pool = await pool
        return self._pool

    def read(
        self, tenant: UUID | None, reading: Reading, *values: Any
    ) -> Coroutine[Any, Any, Sequence[asyncpg.Record]]:
        """The rows of a reading as the tenant sees them, in one round trip. Raises `Unavailable`.

        A connection that broke while it was idle is replaced once, since nothing was written.
        """
        context = current.get()
        if context is None or context.span is None:
            return self._read(tenant, reading, values)
        return self._read_traced(tenant, reading, values)

    async def _read_traced(
        self, tenant: UUID | None, reading: Reading, values: Sequence[Any]
    ) -> Sequence[asyncpg.Record]:
        with statement_span(present_span(), reading.plain):
            return await self._read(tenant, reading, values)

    async def _read(self, tenant: UUID | None, reading: Reading, values: Sequence[Any]) -> Sequence[asyncpg.Record]:
        arguments = (*values, str(tenant)) if tenant is not None else values
        sql = reading.scoped if tenant is not None else reading.plain
        if self.replicas is not None:
            rows = await self.replicas.fetch(sql, arguments)
            if rows is not None:
                return rows
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

    async def _acquire(self) -> asyncpg.pool.PoolConnectionProxy:
        assert self._pool is not None, "the database is not open"
        began = perf_counter()
        try:
            connection = await self._pool.acquire(timeout=self.settings.acquire_timeout)
        except TimeoutError:
            timeouts().labels(READ).inc()
            raise
        acquire_seconds().labels(READ).observe(perf_counter() - began)
        return connection

    async def _fetch(self, sql: str, arguments: Sequence[Any]) -> Sequence[asyncpg.Record]:
        assert self._pool is not None, "the database is not open"
        return await fetched(self._pool, await self._acquire(), sql, arguments)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        """A connection of the read pool, for checks and for listening."""
        assert self._pool is not None, "the database is not open"
        try:
            connection = await self._acquire()
            try:
                yield connection
            except (TimeoutError, asyncio.CancelledError):
                connection.terminate()
                raise
            finally:
                await self._pool.release(connection)
        except FAILURES as error:
            raise unavailable(error) from error

    @property
    def in_use(self) -> tuple[int, int]:
        """Connections of both pools that somebody works with now, and how many there may be."""
        reading = self._pool.get_size() - self._pool.get_idle_size() if self._pool is not None else 0
        pool = self._engine.pool if self._engine is not None else None
        writing = pool.checkedout() if isinstance(pool, QueuePool) else 0
        return reading + writing, 2 * self.settings.pool_max

    @property
    def pools(self) -> Mapping[str, tuple[int, int, int]]:
        """Connections of each pool that are worked with, that are idle, and how many there may be."""
        most = self.settings.pool_max
        found = {}
        if self._pool is not None:
            idle = self._pool.get_idle_size()
            found[READ] = (self._pool.get_size() - idle, idle, most)
        if self._engine is not None and isinstance(pool := self._engine.pool, QueuePool):
            found[WRITE] = (pool.checkedout(), pool.checkedin(), most)
        return found

    def session(self) -> AsyncSession:
        """A session for one transaction; `transaction.transaction` is the way to use it."""
        assert self._engine is not None, "the database is not open"
        if not self._watched and present_span() is not None:
            watch(self._engine.sync_engine)
            self._watched = True
        return AsyncSession(self._engine, expire_on_commit=False, autoflush=False)


async def _leave_as_is(connection: asyncpg.Connection) -> None:
    """Reads change nothing of a session, so that nothing has to be reset: this saves a round trip."""
