"""What of outages is removed when its time is over, and what is not."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from esteio.catalog import SHIPPED
from esteio.embedded.engines import Engines
from esteio.jobs.retention import PORTION
from esteio.runtime.opening import sections
from esteio.services.outages.tasks import PURGE, PurgeOrder
from esteio.settings import read_settings
from esteio.worker.assembly import open_workshop
from tests.house import environment, sql
from tests.outages.working import ran

OTHER = UUID("01900000-0000-7000-8000-00000000000d")
DAYS = {"OUTAGES_DAYS": 40, "UCS_DAYS": 10, "POLLS_DAYS": 20, "DEMANDS_DAYS": 200}
NOW = datetime.now(UTC)


class Store:
    """A database with rows of any age, and the job that purges it."""

    def __init__(self, given: dict[str, str]) -> None:
        self.given = given

    def sql(self, statement: str, *values: Any) -> list[Any]:
        return sql(self.given["ESTEIO_DATABASE__URL"], statement, *values)

    def outage(self, name: str, ended: float | None, tenant: UUID = DEFAULT_TENANT) -> None:
        """An outage with a list of units, that ended so many days ago or is open; it began in 2001."""
        outage = new_id()
        self.sql(
            "INSERT INTO outages (id, tenant_id, external_id, source, planned, started_at, ended_at) "
            "VALUES ($1, $2, $3, 'api', false, '2001-01-01', $4)",
            outage,
            tenant,
            name,
            None if ended is None else NOW - timedelta(days=ended),
        )
        self.sql(
            "INSERT INTO outage_areas (outage_id, conjunto, municipio, tenant_id, affected, ucs) "
            "VALUES ($1, 1, 1400100, $2, 2, '{a,b}')",
            outage,
            tenant,
        )

    def poll(self, operation: str, age: float) -> None:
        self.sql(
            "INSERT INTO outage_polls (id, tenant_id, at, operation, principal, address, status, outcome, source, "
            "rows, ms) VALUES ($1, $2, $3, $4, 'key', '127.0.0.1', 200, 1, 'database', 0, 1)",
            new_id(),
            DEFAULT_TENANT,
            NOW - timedelta(days=age),
            operation,
        )

    def demand(self, protocol: str, closed: float | None) -> None:
        self.sql(
            "INSERT INTO outage_demands (tenant_id, protocol, level, channel, typology, status, merit, treatment, "
            "municipio, opened_at, closed_at, personal, updated_at) "
            "VALUES ($1, $2, 1, 1, '1020604', 1, 1, 0, 1400100, '2001-01-01', $3, '', '2001-01-01')",
            DEFAULT_TENANT,
            protocol,
            None if closed is None else NOW - timedelta(days=closed),
        )

    def names(self, column: str, table: str) -> set[str]:
        return {row[0] for row in self.sql(f"SELECT {column} FROM {table}")}

    def purge(self) -> dict[str, int]:
        """What a run says it removed."""
        job = asyncio.run(self._purge())
        row = self.sql("SELECT outcome, result::text AS result FROM jobs WHERE id = $1", job)[0]
        assert row["outcome"] == "succeeded"
        found: dict[str, int] = json.loads(row["result"])
        return found

    async def _purge(self) -> UUID:
        workshop = open_workshop("purge", read_settings(sections(SHIPPED), environ=self.given), SHIPPED)
        return await ran(workshop, PURGE, PurgeOrder())


@pytest.fixture
def store(new_database: Callable[[], str], engines: Engines) -> Store:
    days = {f"OUTAGES__{name}": str(number) for name, number in DAYS.items()}
    return Store(environment(new_database(), engines.redis_url, **days))


def test_outages(store: Store) -> None:
    """An outage goes so many days after its end, with its areas, in every tenant; one that is open stays for ever."""
    store.sql("INSERT INTO tenants (id, slug, name, version) VALUES ($1, 'other', 'Other', 1)", OTHER)
    store.outage("old", 41)
    store.outage("old elsewhere", 41, OTHER)
    store.outage("young", 39)
    store.outage("open", None)
    assert store.purge()["outages"] == 2
    assert store.names("external_id", "outages") == {"young", "open"}
    assert store.sql("SELECT count(*) FROM outage_areas")[0][0] == 2


def test_which_units_they_were(store: Store) -> None:
    """The list of units is forgotten so many days after the end; how many they were stays, and lists of others stay."""
    for name, ended in (("ended", 11), ("lately", 9), ("open", None)):
        store.outage(name, ended)
    assert store.purge()["ucs"] == 1
    rows = store.sql("SELECT external_id, affected, ucs FROM outage_areas JOIN outages ON id = outage_id")
    assert {row["external_id"]: (row["affected"], row["ucs"]) for row in rows} == {
        "ended": (2, None),
        "lately": (2, ["a", "b"]),
        "open": (2, ["a", "b"]),
    }


def test_polls_and_demands(store: Store) -> None:
    """Polls go by their age, demands by that of their end; a demand that is open stays for ever."""
    store.poll("old", 21)
    store.poll("young", 19)
    for protocol, closed in (("old", 201), ("young", 199), ("open", None)):
        store.demand(protocol, closed)
    purged = store.purge()
    assert (purged["polls"], purged["demands"]) == (1, 1)
    assert store.names("operation", "outage_polls") == {"young"}
    assert store.names("protocol", "outage_demands") == {"young", "open"}


def test_what_is_held_is_left(store: Store) -> None:
    """An outage that a report holds just now is not waited for: the others go, and it goes the next time."""
    for name, ended in (("held", 41), ("old", 41), ("listed", 11), ("held list", 11)):
        store.outage(name, ended)

    async def held() -> dict[str, int]:
        connection = await asyncpg.connect(store.given["ESTEIO_DATABASE__URL"].replace("//esteio@", "//postgres@"))
        try:
            async with connection.transaction():
                rows = "SELECT FROM outages JOIN outage_areas ON outage_id = id WHERE external_id LIKE 'held%'"
                await connection.execute(f"{rows} FOR UPDATE")
                return await asyncio.to_thread(store.purge)
        finally:
            await connection.close()

    purged = asyncio.run(held())
    assert (purged["outages"], purged["ucs"]) == (1, 1)
    again = store.purge()
    assert (again["outages"], again["ucs"]) == (1, 1)


def test_more_than_a_portion(store: Store) -> None:
    """What does not fit into one portion goes in the same run, and a run after it finds nothing."""
    many = 2 * PORTION + 1
    store.sql(
        "INSERT INTO outages (id, tenant_id, external_id, source, planned, started_at, ended_at) "
        "SELECT gen_random_uuid(), $1, 'n' || n, 'api', false, '2001-01-01', '2001-01-02' "
        "FROM generate_series(1, $2) n",
        DEFAULT_TENANT,
        many,
    )
    store.sql(
        "INSERT INTO outage_areas (outage_id, conjunto, municipio, tenant_id, affected, ucs) "
        "SELECT id, 1, 1400100, tenant_id, 2, '{a,b}' FROM outages"
    )
    store.sql("UPDATE outages SET ended_at = $1", NOW - timedelta(days=11))
    assert store.purge() == {"outages": 0, "ucs": many, "polls": 0, "demands": 0}
    store.sql("UPDATE outages SET ended_at = $1", NOW - timedelta(days=41))
    assert store.purge() == {"outages": many, "ucs": 0, "polls": 0, "demands": 0}
    assert sum(store.purge().values()) == 0
