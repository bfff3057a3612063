"""PostgreSQL's notices (LISTEN/NOTIFY) as something to wait for."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Any

import asyncpg

from esteio.base.errors import EsteioError
from esteio.db.database import Database

AGAIN = 2.0


class Notices:
    """`async with Notices(database, "esteio_jobs") as notices: await notices.wait(1.0)`.

    A notice that came since the last wait ends the next one at once. While there is no connection, or PgBouncer passes
    no notices on, every wait lasts its full time: whoever waits here polls, and is only woken earlier.
    """

    def __init__(self, database: Database, *channels: str) -> None:
        self._database = database
        self._channels = channels
        self._heard = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Notices":
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    async def wait(self, seconds: float) -> None:
        """Return at the next notice, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        self._heard.clear()

    async def _listen(self) -> None:
        while True:
            with suppress(EsteioError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._listen_once()
            await asyncio.sleep(AGAIN)

    async def _listen_once(self) -> None:
        connection = await self._database.connect()
        ended = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: ended.set())
            for channel in self._channels:
                await connection.add_listener(channel, self._hear)
            self._heard.set()  # something may have been told before we listened
            while not ended.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(10):
                        await ended.wait()
                if not ended.is_set():
                    await connection.fetchval("SELECT 1", timeout=5)  # a peer that vanished tells nobody
        finally:
            connection.terminate()

    def _hear(self, *_: Any) -> None:
        self._heard.set()
