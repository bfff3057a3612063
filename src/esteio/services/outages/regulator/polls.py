"""The record of the regulator's questions: noted in memory, written in portions, off every request's path."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

from prometheus_client import Counter

from esteio.base.clock import Clock
from esteio.base.errors import Unavailable
from esteio.base.ids import new_id
from esteio.db.batches import batch
from esteio.db.database import Database
from esteio.http.exchange import Exchange
from esteio.services.outages.regulator.answering import Note, Source
from esteio.services.outages.regulator.contract import FAILURE
from esteio.telemetry.logs import log

EVERY = 1.0
PORTION = 500
MOST = 10_000
"""Questions that wait to be written: at the contract's ten a minute those of sixteen hours without a database."""

_WRITE = """
INSERT INTO outage_polls (tenant_id, id, at, operation, principal, address, asked, status, outcome, source, rows, ms)
SELECT $1, polls.* FROM unnest(
    $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::integer[], $9::integer[],
    $10::text[], $11::integer[], $12::integer[]
) AS polls
ON CONFLICT DO NOTHING
"""
"""All of a portion as columns in one statement: a statement for each row would cost more than the answer itself."""

NOTHING = Note(None, FAILURE, "none", 0)


@dataclass(slots=True)
class Asked:
    """A question and its answer, as they are noted when the answer has left. `at` is an instant of the epoch.

    `id` is given with the first try to write it, so that a second one adds nothing where the first had succeeded.
    """

    at: float
    operation: str
    principal: str
    tenant: UUID
    address: str
    status: int
    ms: int
    source: Source
    note: Note
    id: UUID | None = None


class PollRecorder:
    """Takes notes for a process and writes them about once a second; what cannot be written waits.

    Notes are lost only where a process dies within that second, or where more than `MOST` wait: then the oldest are
    dropped and counted.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._now = clock.timestamp
        self._waiting: deque[Asked] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._writing = asyncio.create_task(self._write_on())

    async def close(self) -> None:
        """Write what waits, as far as the database takes it now."""
        if self._writing is not None:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing
        await self.flush()

    def take(self, exchange: Exchange, seconds: float) -> None:
        """Note a question of a caller who was proved. Only appends."""
        answer = exchange.answer
        note = answer.note if answer is not None and isinstance(answer.note, Note) else NOTHING
        at_hand = note.source == "database" and note.made_at != exchange.accepted_at
        principal = exchange.principal
        self._waiting.append(
            Asked(
                self._now() - seconds,
                exchange.path.rpartition("/")[2],
                principal.id,
                principal.tenant,
                exchange.address,
                exchange.status,
                round(seconds * 1000),
                "cache" if at_hand else note.source,
                note,
            )
        )
        self._bound()

    async def flush(self) -> bool:
        """Write what waits; whether all of it was written."""
        while self._waiting:
            portion = [self._waiting.popleft() for _ in range(min(PORTION, len(self._waiting)))]
            try:
                await self._write(portion)
            except Unavailable:
                self._waiting.extendleft(reversed(portion))
                self._bound()
                return False
            except BaseException:
                # Who cancels this writes the rest at once; anything else would fail again for the same rows.
                self._waiting.extendleft(reversed(portion))
                raise
            written().inc(len(portion))
        return True

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.flush()
            except Exception:
                dropped().inc(len(self._waiting))
                self._waiting.clear()
                log("esteio.outages").error("polls could not be recorded", exc_info=True)

    async def _write(self, portion: Iterable[Asked]) -> None:
        of_tenants: defaultdict[UUID, list[tuple[object, ...]]] = defaultdict(list)
        for asked in portion:
            of_tenants[asked.tenant].append(_row(asked))
        for tenant, rows in of_tenants.items():
            async with batch(self._database, tenant) as connection:
                await connection.execute(_WRITE, tenant, *map(list, zip(*rows, strict=True)))

    def _bound(self) -> None:
        while len(self._waiting) > MOST:
            self._waiting.popleft()
            dropped().inc()


def _row(asked: Asked) -> tuple[object, ...]:
    asked.id = asked.id or new_id()
    return (
        asked.id,
        datetime.fromtimestamp(asked.at, UTC),
        asked.operation[:60],
        asked.principal[:100],
        asked.address[:64],
        asked.note.asked,
        asked.status,
        asked.note.outcome,
        asked.source,
        asked.note.rows,
        asked.ms,
    )


@cache
def written() -> Counter:
    return Counter("esteio_outages_polls_total", "Questions of the regulator that were recorded")


@cache
def dropped() -> Counter:
    return Counter("esteio_outages_polls_dropped_total", "Questions of the regulator that could not be recorded")
