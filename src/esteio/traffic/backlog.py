"""What the whole house has before it, minute by minute: facts to tell, jobs to do, deliveries to bring.

Any process may write a minute's sample: whoever comes first counts, the others find it written. So there is a history
while the scheduler is away too, which is when it is asked for.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from random import uniform
from typing import Any

import asyncpg

from esteio.base.clock import Clock
from esteio.base.errors import EsteioError
from esteio.db.database import Database
from esteio.db.reading import Reading
from esteio.jobs.census import Census
from esteio.telemetry.logs import log
from esteio.telemetry.metrics import Family
from esteio.traffic.periods import Window, floor
from esteio.traffic.schemas import BacklogView

EVERY = 60.0
SOON = 10.0
"""Seconds after its start within which a process looks for the first time."""

_FIGURES = (
    "outbox_lag",
    "outbox_waiting",
    "jobs_waiting",
    "jobs_running",
    "jobs_dead",
    "oldest_job",
    "deliveries_waiting",
)
_WAITING = ("queued", "retrying")

_THERE = "SELECT 1 FROM traffic_backlog WHERE at = $1"
_WRITE = f"""
INSERT INTO traffic_backlog (at, {", ".join(_FIGURES)}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""  # noqa: S608 - made of constants
_READ = Reading(
    f"""
SELECT date_trunc($2::text, at, 'UTC') AS at, {", ".join(f"max({name}) AS {name}" for name in _FIGURES)}
FROM traffic_backlog WHERE at >= $1::timestamptz GROUP BY 1
""",  # noqa: S608 - made of constants
    ("begin", "unit"),
)


class Backlog:
    """Looks once a minute, each process at another second of it."""

    def __init__(self, database: Database, clock: Clock, census: Census) -> None:
        self._database = database
        self._clock = clock
        self._census = census
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._running = asyncio.create_task(self._run(), name="backlog")

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running

    async def write(self) -> None:
        """Write the running minute's sample where nobody has. A database that is away gets none."""
        minute = floor(self._clock.now(), "minute")
        try:
            async with self._database.connection() as connection:
                if await connection.fetchval(_THERE, minute):
                    return
            counted = _figures(await self._census.families())
            if any(value is not None for value in counted):
                async with self._database.connection() as connection:
                    await connection.execute(_WRITE, minute, *counted)
        except (EsteioError, asyncpg.PostgresError):
            return

    async def _run(self) -> None:
        await asyncio.sleep(uniform(1.0, SOON))  # noqa: S311 - processes that start together do not count together
        while True:
            try:
                await self.write()
            except Exception:
                log("esteio.traffic").exception("traffic.backlog_failed")
            await asyncio.sleep(uniform(0.8 * EVERY, EVERY))  # noqa: S311 - as above


async def backlog_of(database: Database, window: Window) -> list[BacklogView]:
    """A point for each unit of the window. Raises `Unavailable`."""
    rows = await database.read(None, _READ, window.begin, window.unit)
    points = {row["at"]: BacklogView(**row) for row in rows}
    nothing: dict[str, Any] = dict.fromkeys(_FIGURES)
    return [points.get(at) or BacklogView(at=at, **nothing) for at in window.steps()]


def _figures(families: Iterable[Family]) -> list[float | int | None]:
    """In the order of `_FIGURES`; `None` for what was not counted."""
    found = {family.name: family.samples for family in families}

    def values(name: str, *states: str) -> list[float]:
        return [value for labels, value in found.get(name, []) if not states or labels["state"] in states]

    def whole(name: str, *states: str) -> int | None:
        return int(sum(values(name, *states))) if found.get(name) else None

    return [
        max(values("esteio_outbox_lag_seconds"), default=None),
        whole("esteio_outbox_waiting"),
        whole("esteio_jobs", *_WAITING),
        whole("esteio_jobs", "running"),
        whole("esteio_job_dead_letters"),
        max(values("esteio_job_oldest_due_seconds"), default=None),
        whole("esteio_webhook_deliveries_pending"),
    ]
