"""What is counted in PostgreSQL for all processes at once: how many jobs there are, how long facts wait, and more."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import asyncpg

from esteio.base.clock import Clock
from esteio.base.errors import EsteioError
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.batches import batch
from esteio.db.database import Database
from esteio.db.tenancy import SETTING, Connection
from esteio.jobs.kinds import QUEUES
from esteio.jobs.tickets import SEEN
from esteio.telemetry.logs import log
from esteio.telemetry.metrics import Family

GOOD_FOR = 5.0
"""Seconds for which a count is shown before it is made anew."""

TENANTS_GOOD_FOR = 60.0
"""The same for counts that look at each tenant by itself."""

_COUNT_WITHIN = 2.0

Count = Callable[[Connection], Awaitable[list[Family]]]

_WORKERS = """
SELECT queue FROM job_workers, unnest(queues) AS queue WHERE seen_at > now() - $1 * interval '1 second' GROUP BY queue
"""

# No transaction sees the rows of two tenants; this one is each of them in turn. A block gives no rows: what it found
# leaves it as a setting, which ends with the transaction.
_EACH_TENANT = """
DO $$
DECLARE
    tenant uuid;
    part text;
    found text[] := '{{}}';
BEGIN
    FOREACH tenant IN ARRAY ARRAY(SELECT id FROM tenants) LOOP
        PERFORM set_config('{setting}', tenant::text, true);
        SELECT string_agg(jsonb_build_array(counted.name, counted.labels, counted.value)::text, ',') INTO part
        FROM ({counts}) AS counted (name, labels, value);
        IF part IS NOT NULL THEN
            found := array_append(found, part);
        END IF;
    END LOOP;
    PERFORM set_config('esteio.counted', '[' || array_to_string(found, ',') || ']', true);
END $$
"""


@dataclass(frozen=True, slots=True)
class TenantCount:
    """A figure of rows that only their tenant sees: their sum over all tenants, or the greatest.

    `sql` selects name (as here), labels (jsonb) and value, for the tenant of the transaction. `samples` are the labels
    that are shown as 0 where no tenant has any.
    """

    name: str
    words: str
    sql: str
    greatest: bool = False
    samples: Sequence[dict[str, str]] = ({},)


class Census:
    """One per process that shows or publishes metrics."""

    def __init__(
        self, database: Database, clock: Clock, counts: Sequence[Count], of_tenants: Sequence[TenantCount] = ()
    ) -> None:
        self._database = database
        self._clock = clock
        self._counts = counts
        self._of_tenants = of_tenants
        self._counted_at = self._tenants_at = float("-inf")
        self._found: list[Family] = []
        self._tenants: list[Family] = []
        self._turn = asyncio.Lock()

    async def families(self) -> list[Family]:
        """The figures, at most 5 s old (60 s where tenants are looked at); hardly any while the database is away."""
        async with self._turn:
            if self._clock.monotonic() - self._counted_at >= GOOD_FOR:
                self._found = await self._count()
                self._counted_at = self._clock.monotonic()
        return self._found

    async def _count(self) -> list[Family]:
        up = Family("esteio_database_up", "Whether the database answered the last count")
        try:
            async with asyncio.timeout(_COUNT_WITHIN), self._database.connection() as connection:
                found = [family for count in self._counts for family in await _counted(count, connection)]
        except (EsteioError, TimeoutError, asyncpg.PostgresError):
            return [up.add(0)]
        return [up.add(1), *found, *await self._count_tenants()]

    async def _count_tenants(self) -> list[Family]:
        """The last ones where they cannot be counted: that is tried again with the next count."""
        if self._of_tenants and self._clock.monotonic() - self._tenants_at >= TENANTS_GOOD_FOR:
            try:
                rows = await self._each_tenant()
            except (EsteioError, asyncpg.PostgresError) as error:
                log("esteio.jobs").warning("census.tenants_not_counted", cause=f"{type(error).__name__}: {error}")
                return self._tenants
            self._tenants = [_joined(count, rows) for count in self._of_tenants]
            self._tenants_at = self._clock.monotonic()
        return self._tenants

    async def _each_tenant(self) -> list[tuple[str, dict[str, str], float]]:
        counts = " UNION ALL ".join(f"({count.sql})" for count in self._of_tenants)
        async with batch(self._database, DEFAULT_TENANT) as connection:
            await connection.execute(_EACH_TENANT.format(setting=SETTING, counts=counts))
            told: str = await connection.fetchval("SELECT current_setting('esteio.counted')")
        return [(name, labels, float(value)) for name, labels, value in json.loads(told)]


async def _counted(count: Count, connection: Connection) -> list[Family]:
    """None of those that fail, as for a table that is not there yet: the others are told all the same."""
    try:
        return await count(connection)
    except asyncpg.PostgresError as error:
        log("esteio.jobs").warning("census.not_counted", cause=f"{type(error).__name__}: {error}")
        return []


def _joined(count: TenantCount, rows: Sequence[tuple[str, dict[str, str], float]]) -> Family:
    found: dict[tuple[tuple[str, str], ...], float] = {tuple(labels.items()): 0.0 for labels in count.samples}
    for name, labels, value in rows:
        if name == count.name:
            key = tuple(labels.items())
            known = found.get(key, 0.0)
            found[key] = max(known, value) if count.greatest else known + value
    family = Family(count.name, count.words)
    for key, value in found.items():
        family.add(value, **dict(key))
    return family


async def unattended(database: Database) -> list[str]:
    """The queues for which no worker has given a sign of life lately. Raises `Unavailable`."""
    async with database.connection() as connection:
        attended = {row["queue"] for row in await connection.fetch(_WORKERS, SEEN)}
    return [queue for queue in QUEUES if queue not in attended]
