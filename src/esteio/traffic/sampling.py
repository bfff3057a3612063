"""Once a minute every process writes down what it uses."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Literal
from uuid import UUID

import asyncpg

from esteio.base.clock import Clock
from esteio.base.errors import EsteioError
from esteio.base.ids import new_id
from esteio.db.database import Database
from esteio.telemetry.logs import log
from esteio.traffic.use import use

EVERY = 60.0
FAREWELL = 2.0
_TICK = 1.0

_WRITE = """
INSERT INTO traffic_processes (writer, at, kind, name, cpu_seconds, memory_bytes, open_files, loop_lag,
    connections, most_connections, lost, callers_lost)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (writer, at) DO UPDATE SET lost = traffic_processes.lost + excluded.lost,
    callers_lost = traffic_processes.callers_lost + excluded.callers_lost
"""


class Sampler:
    """Looks every second how late the event loop is, and writes a sample at once, every minute, and at the end.

    `lost` tells how many requests this process could not keep count of so far, and how many not by their caller. A
    sample that cannot be written is left out; what it would have said of losses is said by the next.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        kind: Literal["api", "worker", "scheduler"],
        lost: Callable[[], tuple[int, int]] = lambda: (0, 0),
    ) -> None:
        self.writer: UUID = new_id()
        self._database = database
        self._clock = clock
        self._kind = kind
        self._lost = lost
        self._told = (0, 0)
        self._lag = 0.0
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._running = asyncio.create_task(self._run(), name="samples")

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self.write()

    async def write(self) -> None:
        """Write a sample. A database that is away gets none."""
        used, lost = use(), self._lost()
        name = f"{self._kind}@{socket.gethostname()[:64]}-{os.getpid()}"
        values = (self.writer, self._clock.now(), self._kind, name, used.cpu_seconds, used.memory_bytes)
        more = (used.open_files, self._lag, *self._database.in_use, lost[0] - self._told[0], lost[1] - self._told[1])
        try:
            async with self._database.connection() as connection:
                await connection.execute(_WRITE, *values, *more)
        except (EsteioError, asyncpg.PostgresError):
            return
        self._told, self._lag = lost, 0.0

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            expected = loop.time() + _TICK
            await asyncio.sleep(_TICK)
            self._lag = max(self._lag, loop.time() - expected)
            if loop.time() >= due:
                due = loop.time() + EVERY
                try:
                    await self.write()
                except Exception:
                    log("esteio.traffic").exception("traffic.sampling_failed")
