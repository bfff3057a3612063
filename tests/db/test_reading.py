"""Reads in one statement, and the walls between tenants that they rely on."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import bindparam, select

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.reading import Reading, reading
from esteio.services.pets.models import Pet
from tests.house import Served

OTHER = UUID("01900000-0000-7000-8000-00000000000b")
FEEDINGS = """
INSERT INTO feedings (id, tenant_id, pet_id, food, grams, fed_at, by)
SELECT gen_random_uuid(), $1, (SELECT id FROM pets WHERE tenant_id = $1 LIMIT 1), 'hay', 1, now(), 'x'
FROM generate_series(1, 2000)
"""
FEEDINGS_OF_TENANT = Reading("SELECT id FROM feedings")
ALL_PETS = Reading("SELECT id, tenant_id, name FROM pets ORDER BY name")


@pytest.fixture(scope="module", autouse=True)
def pets_of_two_tenants(served: Served) -> Iterator[None]:
    """Five pets of the default tenant and five of another one."""
    served.sql("INSERT INTO tenants (id, slug, name, version) VALUES ($1, 'other', 'Other', 1)", OTHER)
    for tenant in (DEFAULT_TENANT, OTHER):
        for number in range(5):
            served.sql(
                "INSERT INTO pets (id, tenant_id, name, species, status, owner) "
                "VALUES ($1, $2, $3, 'dog', 'active', 'x')",
                uuid4(),
                tenant,
                f"{'own' if tenant == DEFAULT_TENANT else 'other'}-{number}",
            )
    yield


def read(served: Served, tenant: UUID | None, what: Reading, *values: object) -> list[asyncpg.Record]:
    return list(served.run(lambda: served.app.resources.database.read(tenant, what, *values)))


class TestScope:
    def test_a_query_without_any_tenant_filter_shows_only_own_rows(self, served: Served) -> None:
        """A forgotten filter leaks nothing: each tenant sees its own rows, in the order that was asked for."""
        own = [row["name"] for row in read(served, DEFAULT_TENANT, ALL_PETS)]
        assert own == [f"own-{number}" for number in range(5)]
        assert [row["name"] for row in read(served, OTHER, ALL_PETS)] == [f"other-{number}" for number in range(5)]

    def test_without_a_tenant_there_is_nothing(self, served: Served) -> None:
        """A read that names no tenant sees no row, also on a connection that served a tenant before."""
        assert read(served, DEFAULT_TENANT, ALL_PETS)
        assert read(served, None, ALL_PETS) == []

    def test_many_tenants_on_the_same_connections_never_mix(self, served: Served) -> None:
        """Reads of two tenants that take turns and run at once each see exactly their own."""
        for _ in range(100):
            assert {row["tenant_id"] for row in read(served, DEFAULT_TENANT, ALL_PETS)} == {DEFAULT_TENANT}
            assert {row["tenant_id"] for row in read(served, OTHER, ALL_PETS)} == {OTHER}

    def test_the_tenant_is_set_before_the_first_row_is_touched(self, served: Served) -> None:
        """PostgreSQL's plan runs the scope first: the query hangs below a nested loop on the scope's CTE."""
        plan = [row[0] for row in read(served, None, Reading(f"EXPLAIN {_literal(ALL_PETS)}"))]
        assert plan[0].startswith("Nested Loop")
        scope = next(number for number, line in enumerate(plan) if "CTE Scan on scope" in line)
        pets = next(number for number, line in enumerate(plan) if "on pets" in line)
        assert scope < pets

    def test_the_planner_expects_a_tenants_rows_before_it_knows_the_tenant(self, served: Served) -> None:
        """A read is planned for a tenant's rows: planned for none, it would walk a million by the wrong index."""
        served.sql(FEEDINGS, DEFAULT_TENANT)
        served.sql("ANALYZE feedings")
        plan = [row[0] for row in read(served, None, Reading(f"EXPLAIN {_literal(FEEDINGS_OF_TENANT)}"))]
        expected = next(line for line in plan if "on feedings" in line)
        assert int(expected.partition("rows=")[2].split()[0]) > 1000, "\n".join(plan)

    def test_rows_of_another_tenant_cannot_be_written(self, served: Served) -> None:
        """An insert into another tenant, and an update of its rows, do not get past the policy."""

        async def insert() -> None:
            async with served.app.resources.database.connection() as connection, connection.transaction():
                await connection.execute("SELECT set_config('esteio.tenant', $1, true)", str(DEFAULT_TENANT))
                changed = await connection.execute("UPDATE pets SET name = 'x' WHERE tenant_id = $1", OTHER)
                assert changed == "UPDATE 0"
                await connection.execute(
                    "INSERT INTO pets (id, tenant_id, name, species, status, owner) "
                    "VALUES ($1, $2, 'x', 'dog', 'active', 'x')",
                    uuid4(),
                    OTHER,
                )

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            served.run(insert)


class TestReading:
    def test_values_travel_as_parameters(self, served: Served) -> None:
        """A compiled select takes its values by name, and hostile text is only text."""
        named = reading(select(Pet.name).where(Pet.name == bindparam("name")))
        values = named.arguments({"name": "' OR true --"})
        assert read(served, DEFAULT_TENANT, named, *values) == []
        assert len(read(served, DEFAULT_TENANT, named, *named.arguments({"name": "own-1"}))) == 1

    def test_a_literal_is_refused(self) -> None:
        """A select with a value baked in would be compiled anew for each value, so it is refused."""
        with pytest.raises(ValueError, match="bindparam"):
            reading(select(Pet.name).where(Pet.name == "Rex"))


def _literal(what: Reading) -> str:
    return what.scoped.replace("$1::text", f"'{DEFAULT_TENANT}'::text")
