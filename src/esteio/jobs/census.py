"""How many jobs there are and how long they wait, counted in PostgreSQL for all processes at once."""

import asyncio
from dataclasses import dataclass

import asyncpg

from esteio.base.clock import Clock
from esteio.base.errors import EsteioError
from esteio.db.database import Database
from esteio.jobs.kinds import QUEUES
from esteio.jobs.tickets import SEEN

GOOD_FOR = 5.0
"""Seconds for which a count is shown before it is made anew."""

_COUNT_WITHIN = 2.0
_STATES = ("queued", "retrying", "running")
_CONSUMERS = ("fanout", "realtime")

_TICKETS = """
SELECT queue, state, count(*) AS jobs,
    coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE state <> 'running')), 0)::float8 AS oldest
FROM job_tickets GROUP BY queue, state
"""
_OUTBOX = "SELECT consumer, count(*) AS facts FROM outbox_queue GROUP BY consumer"
_WORKERS = """
SELECT queue FROM job_workers, unnest(queues) AS queue WHERE seen_at > now() - $1 * interval '1 second' GROUP BY queue
"""


@dataclass
class Census:
    """One per process that shows metrics."""

    database: Database
    clock: Clock

    def __post_init__(self) -> None:
        self._counted_at = float("-inf")
        self._text = b""
        self._turn = asyncio.Lock()

    async def exposition(self) -> bytes:
        """The numbers in the Prometheus text format, at most 5 s old; none while the database is away."""
        async with self._turn:
            if self.clock.monotonic() - self._counted_at >= GOOD_FOR:
                self._text = await self._count()
                self._counted_at = self.clock.monotonic()
        return self._text

    async def _count(self) -> bytes:
        try:
            async with asyncio.timeout(_COUNT_WITHIN), self.database.connection() as connection:
                return _as_text(await connection.fetch(_TICKETS), await connection.fetch(_OUTBOX))
        except (EsteioError, TimeoutError, asyncpg.PostgresError):
            return b""


async def unattended(database: Database) -> list[str]:
    """The queues for which no worker has given a sign of life lately. Raises `Unavailable`."""
    async with database.connection() as connection:
        attended = {row["queue"] for row in await connection.fetch(_WORKERS, SEEN)}
    return [queue for queue in QUEUES if queue not in attended]


def _as_text(tickets: list[asyncpg.Record], outbox: list[asyncpg.Record]) -> bytes:
    jobs = {(row["queue"], row["state"]): row["jobs"] for row in tickets}
    facts = {row["consumer"]: row["facts"] for row in outbox}
    oldest = {queue: max([0.0, *(row["oldest"] for row in tickets if row["queue"] == queue)]) for queue in QUEUES}
    lines = [
        *_head("esteio_jobs", "Living jobs by state"),
        *(
            f'esteio_jobs{{queue="{queue}",state="{state}"}} {jobs.get((queue, state), 0)}'
            for queue in QUEUES
            for state in _STATES
        ),
        *_head("esteio_job_oldest_due_seconds", "For how long the longest waiting job has been due"),
        *(f'esteio_job_oldest_due_seconds{{queue="{queue}"}} {oldest[queue]:.3f}' for queue in QUEUES),
        *_head("esteio_outbox_waiting", "Facts that are not told yet"),
        *(f'esteio_outbox_waiting{{consumer="{name}"}} {facts.get(name, 0)}' for name in _CONSUMERS),
    ]
    return "\n".join([*lines, ""]).encode()


def _head(name: str, words: str) -> tuple[str, str]:
    return f"# HELP {name} {words}", f"# TYPE {name} gauge"
