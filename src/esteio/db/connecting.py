"""Making connections, each of which runs as the runtime role and within the house's time-outs."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from esteio.db.pooling import refuse_unfit_session
from esteio.db.settings import DatabaseSettings

IDLE_IN_TRANSACTION = 15.0
"""Seconds that a transaction may be idle, where the settings do not let it last longer."""


class Connector:
    """Connects as one process does: `name` is what the server shows it as, `options` its own settings of PostgreSQL."""

    def __init__(self, settings: DatabaseSettings, name: str, options: Mapping[str, str]) -> None:
        self._settings = settings
        self._name = name
        self._options = options

    async def direct(self, address: str | None = None, **more: Any) -> asyncpg.Connection:
        """A session of PostgreSQL itself, at this address or at the primary's."""
        settings = self._settings
        idle = max(IDLE_IN_TRANSACTION, settings.transaction_timeout)
        connection: asyncpg.Connection = await asyncpg.connect(
            address or settings.direct,
            timeout=settings.connect_timeout,
            command_timeout=settings.statement_timeout + 0.5,
            server_settings={
                "role": settings.runtime_role,
                "application_name": self._name,
                "timezone": "UTC",
                "jit": "off",
                "statement_timeout": f"{settings.statement_timeout * 1000:.0f}",
                "lock_timeout": f"{settings.lock_timeout * 1000:.0f}",
                "idle_in_transaction_session_timeout": f"{idle * 1000:.0f}",
                **self._options,
            },
            **more,
        )
        return connection

    async def shared(self, **more: Any) -> asyncpg.Connection:
        """What the URL leads to: a session, or PgBouncer, which lends one for the time of each transaction.

        PgBouncer passes on only what it tracks, so role and time-outs are the login role's own there, and are looked
        at here. Raises `PoolerUnfit`.
        """
        if self._settings.pooler == "none":
            return await self.direct(self._settings.url.get_secret_value(), **more)
        if not self.names_statements:
            more["statement_cache_size"] = 0
        connection: asyncpg.Connection = await asyncpg.connect(
            self._settings.url.get_secret_value(),
            timeout=self._settings.connect_timeout,
            command_timeout=self._settings.statement_timeout + 0.5,
            server_settings={"application_name": self._name, "timezone": "UTC"},
            **more,
        )
        try:
            await refuse_unfit_session(connection, self._settings)
        except BaseException:
            connection.terminate()
            raise
        return connection

    @property
    def names_statements(self) -> bool:
        """Whether statements may be prepared under names that outlast a transaction.

        A process with a plan policy of its own names none behind a pooler: a statement without a name is planned anew
        for its values each time, which is what the policy asks for.
        """
        pooler = self._settings.pooler
        return pooler == "none" or (pooler == "transaction-prepared" and not self._options)
