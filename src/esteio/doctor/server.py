"""PostgreSQL as the doctor asks it: past any pooler, by the address's own role, every wait bounded."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from esteio.db.settings import DatabaseSettings
from esteio.db.tenancy import SETTING
from esteio.doctor.patience import NotKnown, words_of

T = TypeVar("T")
_CONNECTIONS = 4
_NAME = "esteio-doctor"


class Server:
    """Opened at its first use. After a failure to connect everybody is told so at once."""

    def __init__(self, settings: DatabaseSettings, patience: float) -> None:
        self._settings = settings
        self._patience = patience
        self._pool: asyncpg.Pool | None = None
        self._away: str | None = None
        self._turn = asyncio.Lock()

    async def rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """The answer, as the address's role has it. Raises `NotKnown` where there is none."""
        return await self.asked(lambda connection: connection.fetch(sql, *values))

    async def asked(self, ask: Callable[[asyncpg.pool.PoolConnectionProxy], Awaitable[T]]) -> T:
        """What somebody else's question comes to, on a connection of the address's role. Raises `NotKnown`."""
        pool = await self._opened()
        try:
            async with asyncio.timeout(self._patience), pool.acquire() as connection:
                return await ask(connection)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise NotKnown(f"PostgreSQL did not answer: {words_of(error)}") from error

    async def rows_of(self, tenant: UUID, sql: str, *values: Any) -> list[asyncpg.Record]:
        """The answer as a process of this deployment sees it for the tenant: by the runtime role, behind the wall."""

        async def ask(connection: asyncpg.pool.PoolConnectionProxy) -> list[asyncpg.Record]:
            async with connection.transaction():
                await connection.execute(f'SET LOCAL ROLE "{self._settings.runtime_role}"')
                await connection.execute("SELECT set_config($1, $2, true)", SETTING, str(tenant))
                return await connection.fetch(sql, *values)

        return await self.asked(ask)

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()

    async def _opened(self) -> asyncpg.Pool:
        async with self._turn:
            if self._away is not None:
                raise NotKnown(self._away)
            if self._pool is None:
                try:
                    async with asyncio.timeout(self._patience):
                        self._pool = await self._open()
                except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
                    self._away = f"PostgreSQL cannot be reached: {words_of(error)}"
                    raise NotKnown(self._away) from error
            return self._pool

    async def _open(self) -> asyncpg.Pool:
        return await asyncpg.create_pool(
            self._settings.direct,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=self._patience,
            command_timeout=self._patience,
            server_settings={"application_name": _NAME, "timezone": "UTC"},
        )
