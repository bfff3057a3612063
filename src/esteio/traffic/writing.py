"""Writes down what was counted, every few seconds and when the process ends.

Each process has rows of its own and writes them whole, not what was added to them: no process waits for another, no
arrays are added up while requests are served, and what was written without its confirmation arriving is written again
without being counted twice. The sums are made later, once, by `rolling` and by whoever reads.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby, islice
from operator import attrgetter
from uuid import UUID

import asyncpg
import orjson

from esteio.base.errors import EsteioError
from esteio.db.batches import batch
from esteio.db.database import Database
from esteio.db.tenancy import SETTING
from esteio.telemetry.logs import log
from esteio.traffic.tally import Tally, Unwritten

EVERY = 5.0
"""Seconds between two writings: what a process that is killed loses."""

PORTION = 1_000
"""Rows per transaction."""

FAREWELL = 3.0
"""Seconds in which the last writing is done when the process ends, or is given up."""

_COUNTED = (
    "unanswered bigint, informational bigint, successful bigint, redirected bigint, refused bigint, failed bigint, "
    "limited bigint, sent bigint"
)


def _write(table: str, key: str, counted: str) -> str:
    """The statement that writes rows of a tenant and a process; `key` and `counted` are columns with their types.

    The tenant is entered as in `db.reading`: in the statement itself, so that all tenants' rows travel together.
    """
    keys, names = ([column.split()[0] for column in columns.split(", ")] for columns in (key, counted))
    anew = ", ".join(f"{name} = excluded.{name}" for name in names)
    return f"""
WITH scope AS MATERIALIZED (SELECT set_config('{SETTING}', $1::text, true) AS tenant)
INSERT INTO {table} (tenant_id, writer, {", ".join([*keys, *names])})
SELECT scope.tenant::uuid, $2::uuid, given.* FROM scope CROSS JOIN LATERAL
    (SELECT * FROM jsonb_to_recordset($3::jsonb) AS row({key}, {counted}) OFFSET length(scope.tenant) * 0) AS given
ON CONFLICT (tenant_id, {", ".join(keys)}, writer) DO UPDATE SET {anew}
"""  # noqa: S608 - made of constants


_ROUTES = _write(
    "traffic_minutes",
    "at timestamptz, method text, route text",
    f"{_COUNTED}, cells smallint[], counts bigint[]",
)
_CALLERS = _write("caller_minutes", "caller text, at timestamptz", _COUNTED)


class Writer:
    """Brings a tally to the database. A database that is away is asked again the next time; nobody waits for it."""

    def __init__(self, database: Database, tally: Tally, writer: UUID) -> None:
        self._database = database
        self._tally = tally
        self._writer = writer
        self._turn = asyncio.Lock()
        self._running: asyncio.Task[None] | None = None
        self._away = False

    async def open(self) -> None:
        self._running = asyncio.create_task(self._run(), name="traffic")

    async def close(self) -> None:
        """Write the rest, within `FAREWELL`."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self.write()

    async def write(self) -> bool:
        """Write what is new, in portions, as far as the database lets it; whether everything was written."""
        async with self._turn:
            self._tally.let_go()
            try:
                await self._write_all(_ROUTES, self._tally.unwritten())
                await self._write_all(_CALLERS, self._tally.unwritten_callers())
            except (EsteioError, asyncpg.PostgresError) as error:
                self._say_away(error)
                return False
            self._away = False
            self._tally.let_go()
            return True

    async def _write_all(self, statement: str, unwritten: Iterable[Unwritten]) -> None:
        new = iter(list(unwritten))
        while portion := list(islice(new, PORTION)):
            await self._write(statement, portion)

    async def _write(self, statement: str, portion: Sequence[Unwritten]) -> None:
        async with batch(self._database, None) as connection:
            await connection.executemany(statement, list(self._arguments(portion)))
        for each in portion:
            each.mark()

    def _arguments(self, portion: Sequence[Unwritten]) -> Iterator[tuple[str, UUID, str]]:
        by_tenant = attrgetter("tenant")
        for tenant, rows in groupby(sorted(portion, key=by_tenant), by_tenant):
            yield tenant, self._writer, orjson.dumps([row.values for row in rows]).decode()

    def _say_away(self, error: Exception) -> None:
        if not self._away:
            log("esteio.traffic").warning("traffic.not_written", cause=str(error))
        self._away = True

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.write()
            except Exception:  # whatever it is, the requests of the next seconds are counted too
                log("esteio.traffic").exception("traffic.writing_failed")
