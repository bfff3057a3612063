"""The primary, asked where its log ends: after commits, and at intervals."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import asyncpg

from esteio.base.errors import Unavailable
from esteio.db.database import Database
from esteio.db.failures import FAILURES, unavailable
from esteio.db.replicas.positions import position_of

WITHIN = 1.0

_HISTORY = "SELECT system_identifier::text FROM pg_control_system()"
_END = """
SELECT pg_current_wal_insert_lsn()::text AS position, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS timeline
"""

Heard = Callable[[float, int], None]


class Primary:
    """One connection a process. `history` is cluster and timeline: places of two histories cannot be compared.

    `heard` is given each answer with the instant of its question; `turned` is called when the history is another.
    """

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self.history: tuple[str, int] | None = None
        self.heard: Heard = _nobody
        self.turned: Callable[[], None] = _nothing
        self._database = database
        self._now = now
        self._connection: asyncpg.Connection | None = None
        self._cluster = ""
        self._running: asyncio.Task[int] | None = None
        self._next: asyncio.Task[int] | None = None

    async def position(self) -> int:
        """Where the log ends now or a moment later: at or past every commit that was acknowledged before the call.

        Callers share answers, but never one that was asked for before they came. Raises `Unavailable`.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running))
            self._next.add_done_callback(_seen)
        return await asyncio.shield(self._next)

    async def close(self) -> None:
        """End what is being asked, and the connection."""
        for task in (self._running, self._next):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError, Unavailable):
                    await task
        self._drop()

    async def _after(self, before: asyncio.Task[int] | None) -> int:
        if before is not None:
            await asyncio.wait((before,))
        # Who comes from here on must not join: what they have committed may be missing from the answer.
        self._running, self._next = self._next, None
        try:
            async with asyncio.timeout(WITHIN):
                return await self._ask()
        except FAILURES as error:
            self._drop()
            raise unavailable(error) from error
        except BaseException:
            self._drop()
            raise

    async def _ask(self) -> int:
        connection = self._connection
        if connection is None or connection.is_closed():
            connection = self._connection = await self._database.connect_shared()
            self._cluster = await connection.fetchval(_HISTORY)
        asked_at = self._now()
        row = await connection.fetchrow(_END)
        assert row is not None, "a select without FROM has one row"
        history = (self._cluster, int(row["timeline"], 16))
        if history != self.history:
            self.history = history
            self.turned()
        position = position_of(row["position"])
        self.heard(asked_at, position)
        return position

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def _seen(task: asyncio.Task[int]) -> None:
    """Whoever asked may have given up waiting: then nobody else looks at the failure."""
    if not task.cancelled():
        task.exception()


def _nobody(_: float, __: int) -> None:
    pass


def _nothing() -> None:
    pass
