"""Walls between tenants in the database of a house in use, and what happens where a table has none."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from esteio.base.errors import StartRefused
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.tenancy import TENANT_MAPS
from esteio.embedded.engines import Engines
from tests.conftest import House
from tests.contract.process import ENDS_WITHIN, start
from tests.house import AMPLE, Served, environment, sql

ROLE = "esteio_runtime"
REFUSED = 2
ENABLE = "ALTER TABLE forgotten_things ENABLE ROW LEVEL SECURITY"
FORCE = "ALTER TABLE forgotten_things FORCE ROW LEVEL SECURITY"
POLICY = "CREATE POLICY p ON forgotten_things USING (tenant_id = current_setting('esteio.tenant')::uuid)"
OWNED = "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public'"


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    """A house whose default tenant has rows of every kind."""
    with house(TELEMETRY__ACCESS_LOG="false") as running:
        pet = running.pet()
        running.client.post(f"/api/v2/pets/{pet['id']}/feedings", json={"food": "kibble", "grams": 1})
        running.client.post("/api/v2/roles", json={"name": "own", "permissions": []}, headers={"Idempotency-Key": "k"})
        running.key()
        hook = running.client.post("/api/v2/webhooks/endpoints", json={"url": "https://example.com/", "events": ["*"]})
        running.client.post(f"/api/v2/webhooks/endpoints/{hook.json()['data']['id']}/test")
        account = {"email": "a@example.org", "password": "correct horse battery"}
        running.anonymous.post("/auth/register", json={**account, "name": "A"})
        assert running.anonymous.post("/auth/login", json=account).status_code == 200
        yield running


@pytest.fixture(scope="module")
def owned(served: Served) -> list[str]:
    """Every table that has a tenant, as the database itself lists them."""
    found = {row["table_name"] for row in served.sql(OWNED)} - TENANT_MAPS
    for table in found:
        if not served.sql(f"SELECT 1 FROM {table} LIMIT 1"):
            fill(served, table)
    assert found >= {"pets", "feedings", "api_keys", "roles", "memberships", "outbox", "audit_log"}
    return sorted(found)


COLUMNS_OF = "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public'"
STANDING = (
    "job_id tenant_id name queue lane lane_limit state due_at published_at attempts crashes fence worker lease_until "
    "started_at cancel_requested traceparent"
)
MAPPED = {
    "api_key_digests": {"digest", "key_id", "tenant_id"},
    "refresh_token_digests": {"digest", "tenant_id"},
    "mail_token_digests": {"digest", "tenant_id"},
    "oauth_secret_digests": {"digest", "secret_id", "tenant_id"},
    "job_tickets": set(STANDING.split()),
    "outbox_queue": {"consumer", "position", "tenant_id"},
    "tenant_identities": {"digest", "tenant_id"},
}
COLUMNS = """
SELECT column_name, data_type, character_maximum_length AS most FROM information_schema.columns
WHERE table_name = $1 AND table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL
  AND is_identity = 'NO' AND is_generated = 'NEVER' AND column_name <> 'tenant_id'
"""
VALUES = {
    "uuid": "gen_random_uuid()",
    "bytea": "'x'::bytea",
    "jsonb": "'{}'::jsonb",
    "boolean": "false",
    "timestamp with time zone": "now()",
    "ARRAY": "'{}'",
    "integer": "1",
    "bigint": "1",
    "numeric": "1",
    "smallint": "1",
}


CHOICES = """
SELECT pg_get_constraintdef(c.oid) AS rule FROM pg_constraint c
WHERE c.contype = 'c' AND c.conrelid = $1::text::regclass
"""
CHOICE = re.compile(r"\(\(?(\w+)\)?::text = ANY \(.*?ARRAY\['(\w+)'")


def _value(kind: str, most: int | None, allowed: str | None) -> str:
    return VALUES.get(kind) or f"'{allowed or 'pending'[:most]}'"


def fill(served: Served, table: str) -> None:
    """Write a row of the default tenant that says nothing, past the table's foreign keys."""
    columns = served.sql(COLUMNS, table)
    names = ", ".join(["tenant_id", *(row["column_name"] for row in columns)])
    allowed = dict(found.groups() for row in served.sql(CHOICES, table) if (found := CHOICE.search(row["rule"])))
    values = ["$1", *(_value(row["data_type"], row["most"], allowed.get(row["column_name"])) for row in columns)]

    async def write() -> None:
        connection = await asyncpg.connect(served.database_url.replace("//esteio@", "//postgres@"), timeout=AMPLE)
        try:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join(values)})", DEFAULT_TENANT)
        finally:
            await connection.close()

    asyncio.run(write())


def as_the_api(served: Served, tenant: UUID | None, statement: str, *values: Any) -> Any:
    """Run a statement as the role that the API takes on; the status of the command, or its rows."""

    async def run() -> Any:
        connection = await asyncpg.connect(served.database_url, timeout=AMPLE)
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL ROLE {ROLE}")
                await connection.execute("SELECT set_config('esteio.tenant', $1, true)", str(tenant) if tenant else "")
                return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    return asyncio.run(run())


class TestEveryTable:
    def test_without_a_tenant_there_is_nothing(self, served: Served, owned: list[str]) -> None:
        """A transaction that names no tenant sees no row of any table that has tenants, nor accounts or tenants."""
        for table in (*owned, "users", "tenants"):
            assert served.sql(f"SELECT 1 FROM {table} LIMIT 1"), f"{table} is empty, so this proves nothing"
            assert as_the_api(served, None, f"SELECT 1 FROM {table}") == [], table

    def test_with_a_tenant_there_are_its_own_rows(self, served: Served, owned: list[str]) -> None:
        """A query without any filter sees all rows of its tenant and none of another's."""
        for table in owned:
            mine = as_the_api(
                served, DEFAULT_TENANT, f"SELECT count(*), bool_and(tenant_id = $1) FROM {table}", DEFAULT_TENANT
            )
            all_rows = served.sql(f"SELECT count(*) FROM {table} WHERE tenant_id = $1", DEFAULT_TENANT)
            assert (mine[0][0], mine[0][1]) == (all_rows[0][0], True), table
            assert as_the_api(served, uuid4(), f"SELECT 1 FROM {table}") == [], table

    def test_nothing_is_written_into_another_tenant(self, served: Served, owned: list[str]) -> None:
        """An insert for another tenant is refused by the policy; one for its own gets as far as its missing values."""
        mine, other = DEFAULT_TENANT, uuid4()
        for table in owned:
            insert = f"INSERT INTO {table} (tenant_id) VALUES ($1)"
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                as_the_api(served, mine, insert, other)
            with pytest.raises(asyncpg.NotNullViolationError):
                as_the_api(served, mine, insert, mine)

    def test_nothing_of_another_tenant_is_changed_or_deleted(self, served: Served, owned: list[str]) -> None:
        """An update or delete without a filter finds nothing of another tenant, where it is permitted at all."""
        for table in owned:
            for statement in (
                f"UPDATE {table} SET tenant_id = tenant_id RETURNING 1",
                f"DELETE FROM {table} RETURNING 1",
            ):
                try:
                    assert as_the_api(served, uuid4(), statement) == [], statement
                except asyncpg.InsufficientPrivilegeError as refusal:
                    assert "permission denied" in str(refusal) or "append-only" in str(refusal)

    def test_the_maps_hold_no_contents(self, served: Served) -> None:
        """What is read before a tenant is known has ids, digests, and where a job or fact stands: nothing of either."""
        for table in TENANT_MAPS:
            found = {row["column_name"] for row in served.sql(COLUMNS_OF, table)}
            assert found <= MAPPED[table], table


class TestStart:
    @pytest.fixture
    def open_table(self, new_database: Callable[[], str]) -> str:
        """The address of a database where somebody's migration forgot the policy."""
        url = new_database()
        sql(url, "CREATE TABLE forgotten_things (id uuid PRIMARY KEY, tenant_id uuid NOT NULL)")
        return url

    def test_a_table_without_a_policy_refuses_the_start(self, house: House, open_table: str) -> None:
        """The application does not open over a tenant table without a policy, and names it."""
        with pytest.raises(StartRefused, match="forgotten_things"), house(database_url=open_table):
            pass

    @pytest.mark.parametrize(
        "statements",
        [(POLICY, ENABLE), (ENABLE, FORCE), (POLICY,)],
        ids=["not forced", "no policy", "not enabled"],
    )
    def test_half_a_wall_is_none(self, house: House, open_table: str, statements: tuple[str, ...]) -> None:
        """Security that is not forced, has no policy, or is not enabled counts as none."""
        for statement in statements:
            sql(open_table, statement)
        with pytest.raises(StartRefused, match="forgotten_things"), house(database_url=open_table):
            pass

    def test_the_command_ends_with_2_and_the_tables_name(
        self, engines: Engines, open_table: str, tmp_path: Path, free_port: int
    ) -> None:
        """`esteio serve` says in one sentence which table it is, without a traceback, and ends with 2."""
        output = tmp_path / "output"
        process = start(environment(open_table, engines.redis_url), output, "serve", "--port", str(free_port))
        try:
            assert process.wait(ENDS_WITHIN) == REFUSED
        finally:
            process.kill()
        written = output.read_text()
        assert "forgotten_things" in written
        assert "Traceback" not in written
