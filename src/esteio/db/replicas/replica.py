"""One replica: how far it has got, whether it may be asked, and asking it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from esteio.db.connecting import Connector
from esteio.db.fetching import fetched
from esteio.db.replicas.positions import position_of
from esteio.db.settings import DatabaseSettings
from esteio.telemetry.logs import log

_LOOK = """
SELECT pg_is_in_recovery() AS follows, pg_last_wal_replay_lsn()::text AS replayed, current_user::text AS role,
       pg_postmaster_start_time()::text AS started,
       (SELECT system_identifier::text FROM pg_control_system()) AS cluster,
       (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline
"""
_WHICH = "SELECT pg_postmaster_start_time()::text, pg_is_in_recovery(), current_user::text"

Failure = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a server that is down, silent, far behind or not what it should be makes the driver raise."""

_HARMLESS = (
    asyncpg.TransactionRollbackError,
    asyncpg.QueryCanceledError,
    asyncpg.SyntaxOrAccessError,
    asyncpg.DataError,
)
"""What is wrong with one read only, such as one that is in the way of what the replica has to replay."""


class Crowded(Exception):
    """Every connection to the replica is in use."""


class Replica:
    """A server that follows the primary. It stands from a look that found it well until anything says otherwise.

    `replayed` is how far it had got by the last look; it only goes on from there while it stands, since whatever could
    put it back, a restart or another server behind the address, ends the standing or is refused.
    """

    def __init__(self, address: str, settings: DatabaseSettings, connector: Connector) -> None:
        self.name = name_of(address)
        self.standing = False
        self.replayed = 0
        self.horizon = float("-inf")
        self.fault = "not looked at yet"
        self._address = address
        self._settings = settings
        self._connector = connector
        self._server: tuple[str, bool, str] | None = None
        self._looking: asyncpg.Connection | None = None
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(
            connect=lambda *_, **more: self._connector.direct(self._address, **more),
            min_size=0,
            max_size=self._settings.pool_max,
            init=self._refuse_another,
            reset=_leave_as_is,
        )

    def close(self) -> None:
        self.standing = False
        if self._pool is not None:
            self._pool.terminate()
        self._drop_look()

    async def look(self, history: tuple[str, int] | None) -> None:
        """Find out how far it is, and whether it follows the primary of this history."""
        within = self._settings.replica_timeout
        try:
            async with asyncio.timeout(within):
                found = await self._ask()
        except Failure as error:
            self.out(f"{type(error).__name__}: {error}")
            return
        reason = self._unfit(found, history)
        if reason:
            self.out(reason)
            return
        self._server = (found["started"], True, found["role"])
        self.replayed = position_of(found["replayed"])
        if not self.standing:
            self.standing, self.fault = True, ""
            log("esteio.db").info("replica.stands", replica=self.name)

    def out(self, reason: str) -> None:
        """Leave it out until it has been looked at anew."""
        if self.standing or reason != self.fault:
            log("esteio.db").warning("replica.out", replica=self.name, reason=reason)
        self.standing, self.fault, self.horizon = False, reason, float("-inf")
        self._drop_look()

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Sequence[asyncpg.Record]:
        """The rows. Raises `Crowded`, or one of `Failure`; one that tells of the server itself leaves it out."""
        try:
            async with asyncio.timeout(self._settings.replica_timeout):
                return await self._fetch(sql, arguments)
        except _HARMLESS:
            raise
        except Failure as error:
            self.out(f"{type(error).__name__}: {error}")
            raise

    async def _fetch(self, sql: str, arguments: Sequence[Any]) -> Sequence[asyncpg.Record]:
        assert self._pool is not None, "the replica is not open"
        return await fetched(self._pool, await self._lent(), sql, arguments)

    async def _lent(self) -> asyncpg.pool.PoolConnectionProxy:
        assert self._pool is not None
        try:
            return await self._pool.acquire(timeout=self._settings.replica_timeout / 2)
        except TimeoutError:
            if self._pool.get_size() < self._settings.pool_max:
                raise  # there was room for one more connection: it is the server that does not answer
            raise Crowded from None

    async def _ask(self) -> asyncpg.Record:
        connection = self._looking
        if connection is None or connection.is_closed():
            connection = await self._connector.direct(self._address)
            connection.add_termination_listener(self._ended)
            self._looking = connection
            await self._forget_pool()
        row = await connection.fetchrow(_LOOK)
        assert row is not None, "a select without FROM has one row"
        return row

    def _unfit(self, found: asyncpg.Record, history: tuple[str, int] | None) -> str:
        if not found["follows"] or found["replayed"] is None:
            return "it follows nobody"
        if found["role"] != self._settings.runtime_role:
            return f"statements run as {found['role']} there"
        if history is None:
            return "the primary has not been asked yet"
        if found["cluster"] != history[0]:
            return "it is of another cluster than the primary"
        # Its control file names the new timeline some minutes after it has followed; until then nobody can tell.
        return "" if found["timeline"] == history[1] else "it may follow another history than the primary's"

    async def _refuse_another(self, connection: asyncpg.Connection) -> None:
        """A new connection must lead to the very server that was looked at, and not to one that is further behind."""
        row = await connection.fetchrow(_WHICH)
        if self._server is None or row is None or tuple(row) != self._server:
            raise ConnectionError("behind the address is another server than the one that was looked at")

    async def _forget_pool(self) -> None:
        if self._pool is not None:
            await self._pool.expire_connections()

    def _ended(self, connection: Any) -> None:
        # A server that was restarted may be further behind than it was.
        if connection is self._looking and self.standing:
            self.out("the connection to it has ended")

    def _drop_look(self) -> None:
        looking, self._looking = self._looking, None
        if looking is not None:
            with suppress(Exception):
                looking.terminate()


def name_of(address: str) -> str:
    """Host and port, or the socket's directory: what may be shown of an address."""
    parts = urlsplit(address)
    asked = parse_qs(parts.query)
    host = asked.get("host", [parts.hostname or "localhost"])[0]
    return f"{host}:{asked.get('port', [parts.port or 5432])[0]}"


async def _leave_as_is(connection: asyncpg.Connection) -> None:
    """Reads change nothing of a session."""
