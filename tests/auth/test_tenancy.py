"""Walls between tenants that hold without anybody's care: what a forgotten filter sees, and what nobody can change."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import pytest

from esteio.auth.administration import create_key, create_user, operator, tenant_named
from esteio.auth.parts import Auth
from esteio.auth.schemas import NewKey, NewTenant, NewUser
from esteio.auth.use_cases.tenants import create_tenant
from esteio.base.errors import InvalidCredentials, StartRefused
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.tenancy import refuse_unsafe_start, unprotected_tables
from esteio.db.transaction import transaction
from tests.auth.desk import PASSWORD, again, desk, logged_in, rows

pytestmark = pytest.mark.anyio

OWNED = (
    "memberships",
    "roles",
    "api_keys",
    "sessions",
    "refresh_tokens",
    "audit_log",
    "outbox",
    "idempotency_records",
)
DENIED = (asyncpg.InsufficientPrivilegeError,)


@dataclass(frozen=True)
class Two:
    """Two tenants that both have rows everywhere."""

    auth: Auth
    mine: UUID
    theirs: UUID


@pytest.fixture
async def two(url: str) -> AsyncIterator[Two]:
    async with desk(url) as auth:
        if not await rows(url, "SELECT FROM tenants WHERE slug = 'mine'"):
            for slug in ("mine", "theirs"):
                await _furnish(auth, slug)
        yield Two(auth, await tenant_named(auth, "mine"), await tenant_named(auth, "theirs"))


async def _furnish(auth: Auth, slug: str) -> None:
    async with transaction(auth.database, DEFAULT_TENANT) as session:
        tenant = await create_tenant(
            auth, caller=operator(auth, DEFAULT_TENANT), session=session, data=NewTenant(slug=slug, name=slug)
        )
    await create_key(auth, NewKey(name=slug, scopes=["*"]), tenant=tenant.id)
    await logged_in(auth, f"boss@{slug}.example", roles=["admin"], tenant=tenant.id)
    fill = "INSERT INTO roles (tenant_id, name, permissions, version) VALUES ($1, 'own', '{}', 1)"
    await rows(auth.database.settings.url.get_secret_value(), fill, tenant.id)


async def seen(two: Two, statement: str, tenant: UUID | None) -> list[asyncpg.Record]:
    """What the API's role gets for a statement that names no tenant itself."""
    connection = await two.auth.database.connect()
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('esteio.tenant', $1, true)", str(tenant) if tenant else "")
            return await connection.fetch(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("table", ["memberships", "roles", "api_keys", "sessions", "refresh_tokens", "audit_log"])
async def test_a_query_without_a_filter_sees_its_own_tenant_only(two: Two, table: str) -> None:
    """`SELECT *` returns rows, and every one is the transaction's tenant's."""
    found = await seen(two, f"SELECT * FROM {table}", two.mine)
    assert found and {row["tenant_id"] for row in found} == {two.mine}


@pytest.mark.parametrize("table", [*OWNED, "users", "tenants"])
async def test_a_transaction_that_names_no_tenant_sees_nothing(two: Two, table: str) -> None:
    """A forgotten tenant is no tenant: no row is visible."""
    assert await seen(two, f"SELECT * FROM {table}", None) == []


async def test_accounts_are_seen_where_they_are_members(two: Two) -> None:
    """`SELECT * FROM users` shows the members of one's own tenant, not those of others."""
    assert [row["email"] for row in await seen(two, "SELECT * FROM users", two.mine)] == ["boss@mine.example"]


async def test_a_tenant_sees_itself_and_the_platform_sees_all(two: Two) -> None:
    """Only the default tenant, which is the platform's own, learns that there are others."""
    assert [row["slug"] for row in await seen(two, "SELECT * FROM tenants", two.mine)] == ["mine"]
    assert len(await seen(two, "SELECT * FROM tenants", DEFAULT_TENANT)) == 3


@pytest.mark.parametrize("table", ["memberships", "roles", "api_keys", "sessions"])
async def test_rows_of_others_are_neither_changed_nor_deleted_nor_given_away(two: Two, table: str) -> None:
    """An unfiltered UPDATE or DELETE touches own rows only; moving a row to another tenant is refused."""
    before = await rows(url_of(two), f"SELECT count(*) FROM {table} WHERE tenant_id = $1", two.theirs)
    with pytest.raises(DENIED):
        await seen(two, f"UPDATE {table} SET tenant_id = '{two.theirs}'", two.mine)
    if table in ("memberships", "roles", "sessions"):
        touched = await seen(two, f"UPDATE {table} SET tenant_id = tenant_id RETURNING tenant_id", two.mine)
        assert {row["tenant_id"] for row in touched} == {two.mine}
    assert before == await rows(url_of(two), f"SELECT count(*) FROM {table} WHERE tenant_id = $1", two.theirs)


async def test_nothing_is_written_into_another_tenant(two: Two) -> None:
    """An INSERT that names another tenant is refused by the database."""
    statement = f"INSERT INTO roles (tenant_id, name, permissions, version) VALUES ('{two.theirs}', 'x', '{{}}', 1)"
    with pytest.raises(DENIED):
        await seen(two, statement, two.mine)


async def test_no_tenant_makes_or_changes_tenants_but_the_platforms(two: Two) -> None:
    """Another tenant's INSERT into `tenants` is refused."""
    statement = f"INSERT INTO tenants (id, slug, name, version) VALUES ('{uuid4()}', 'x', 'x', 1)"
    with pytest.raises(DENIED):
        await seen(two, statement, two.mine)


async def test_the_maps_hold_digests_and_nothing_else(two: Two) -> None:
    """What is readable of secrets before a tenant is known tells nothing: digests and ids."""
    columns = await rows(
        url_of(two),
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = ANY ($1)",
        ["api_key_digests", "refresh_token_digests", "identities", "tenant_identities"],
    )
    assert {row["data_type"] for row in columns} == {"bytea", "uuid"}


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log", "TRUNCATE audit_log"],
)
async def test_the_audit_log_cannot_be_changed(two: Two, statement: str) -> None:
    """Neither the API's role nor the owner of the table, nor a superuser, can change or delete an entry."""
    with pytest.raises(DENIED):
        await seen(two, statement, two.mine)
    for role in ("esteio", "postgres"):
        with pytest.raises(DENIED, match="append-only"):
            await rows(url_of(two), statement, role=role)


async def test_the_apis_role_is_bound(two: Two) -> None:
    """It owns nothing, is no superuser, cannot bypass policies, create roles or tables, nor change the schema."""
    async with two.auth.database.connection() as connection:
        await refuse_unsafe_start(connection)
        assert await connection.fetchval("SELECT current_user") == "esteio_runtime"
        for statement in (
            "CREATE TABLE x ()",
            "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
            "DROP POLICY visibility ON users",
            "ALTER TABLE audit_log DISABLE TRIGGER append_only",
            "CREATE ROLE x",
            "DELETE FROM alembic_version",
        ):
            with pytest.raises(DENIED):
                await connection.execute(statement)


async def test_a_tenant_table_without_a_policy_stops_the_start(two: Two) -> None:
    """A table with a `tenant_id` and no forced policy is named, and nothing is served until it has one."""
    url = url_of(two)
    await rows(url, "CREATE TABLE forgotten (tenant_id uuid)", role="esteio")
    try:
        async with two.auth.database.connection() as connection:
            assert await unprotected_tables(connection) == ["forgotten"]
            with pytest.raises(StartRefused, match="forgotten"):
                await refuse_unsafe_start(connection)
    finally:
        await rows(url, "DROP TABLE forgotten", role="esteio")


async def test_a_key_of_one_tenant_proves_that_tenant_without_the_platforms_permissions(two: Two) -> None:
    """`*` means everything of one's tenant: outside the default one no permission over the deployment is held."""
    key = await create_key(two.auth, NewKey(name="all", scopes=["*"]), tenant=two.mine)
    proof = await two.auth.prover.by_key(key.key.encode())
    assert proof is not None and proof.principal.tenant == two.mine
    assert proof.principal.may("keys:write") and proof.principal.may("pets:write")
    assert not any(
        proof.principal.may(name) for name in ("tenants:read", "limits:write", "signing:write", "metrics:read")
    )


async def test_an_account_that_exists_elsewhere_is_let_in_and_nothing_is_told(two: Two) -> None:
    """Making a user whose address has an account answers as for a new one, and changes neither password nor home."""
    theirs = await create_user(two.auth, email="boss@theirs.example", password="a password of mine", tenant=two.mine)
    fresh = await create_user(two.auth, email="fresh@mine.example", password="a password of mine", tenant=two.mine)
    alike = {"id", "email", "name"}
    assert theirs.model_dump(exclude=alike) == fresh.model_dump(exclude=alike)
    with pytest.raises(InvalidCredentials):
        await again(two.auth, "boss@theirs.example", "a password of mine")
    assert (await again(two.auth, "boss@theirs.example", PASSWORD)).tenant == two.theirs
    assert (await again(two.auth, "boss@theirs.example", PASSWORD, "mine")).tenant == two.mine


async def test_a_login_opens_no_tenant_that_one_is_no_member_of(two: Two) -> None:
    """Naming another tenant at login is refused like a wrong password."""
    with pytest.raises(InvalidCredentials):
        await again(two.auth, "boss@mine.example", PASSWORD, "theirs")


async def test_callers_of_a_disabled_tenant_prove_nothing(two: Two) -> None:
    """Disabling a tenant ends its keys and its sessions, and lets nobody of it log in."""
    async with transaction(two.auth.database, DEFAULT_TENANT) as session:
        data = NewTenant(
            slug="closing", name="Closing", admin=NewUser(email="boss@closing.example", name="Boss", password=PASSWORD)
        )
        tenant = await create_tenant(two.auth, caller=operator(two.auth, DEFAULT_TENANT), session=session, data=data)
    key = (await create_key(two.auth, NewKey(name="k", scopes=["*"]), tenant=tenant.id)).key.encode()
    entered = await again(two.auth, "boss@closing.example")
    await rows(url_of(two), "UPDATE tenants SET disabled_at = now() WHERE id = $1", tenant.id)
    assert await two.auth.prover.by_key(key) is None
    assert await two.auth.prover.by_bearer(entered.access_token.encode()) is None
    with pytest.raises(InvalidCredentials):
        await again(two.auth, "boss@closing.example")


def url_of(two: Two) -> str:
    return two.auth.database.settings.url.get_secret_value()
