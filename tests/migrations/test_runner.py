"""Migrations: from nothing, twice, many at once; and what a database that does not fit is told."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

import esteio.auth.tables
import esteio.backups.tables
import esteio.events.events
import esteio.files.tables
import esteio.http.idempotency
import esteio.jobs.tables
import esteio.traffic.tables
import esteio.webhooks.tables
from esteio.base.errors import StartRefused
from esteio.base.principal import DEFAULT_TENANT
from esteio.catalog import SHIPPED
from esteio.db.revisions import known_revisions, present_revisions
from esteio.db.settings import DatabaseSettings
from esteio.db.tables import Table
from esteio.embedded.engines import Engines
from esteio.migrations.runner import VERSIONS, migrate
from esteio.runtime.opening import service_folders
from tests.house import on_database, patient, sql

REVISION = '''
"""A table of a service."""
from alembic import op
from esteio.db.tenancy import secure
revision = "{name}"
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends!r}
def upgrade():
    {work}
'''

_numbers = count(1)
PLATFORM = sorted(known_revisions([VERSIONS]).known)
"""The platform's revisions in their order: their names are numbered."""


@pytest.fixture
def empty(engines: Engines) -> Iterator[str]:
    """The address of an empty database."""
    name = f"empty_{next(_numbers)}"
    sql(engines.database_url, f"CREATE DATABASE {name} OWNER esteio")
    yield on_database(engines.database_url, name)
    sql(engines.database_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def service(tmp_path: Path) -> Callable[..., Path]:
    """Writes a service's revision into its folder."""

    def write(name: str, *, down: str | None = None, work: str = "pass") -> Path:
        text = REVISION.format(
            name=name,
            down=down,
            labels=("svc",) if down is None else None,
            depends=("esteio_0001",) if down is None else None,
            work=work,
        )
        (tmp_path / f"{name}.py").write_text(text)
        return tmp_path

    return write


def settings(url: str) -> DatabaseSettings:
    return patient(url)


def present(url: str) -> frozenset[str]:
    async def ask() -> frozenset[str]:
        connection = await asyncpg.connect(url)
        try:
            return await present_revisions(connection)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_from_nothing_to_head_and_again_to_nothing_to_do(empty: str) -> None:
    """An empty database is brought to head; a second run finds nothing to do and changes nothing."""
    known = known_revisions([VERSIONS])
    assert known.behind(present(empty))
    assert asyncio.run(migrate(settings(empty))) == sorted(known.known)
    assert not known.behind(present(empty))
    before = sql(empty, "SELECT xmin::text FROM tenants")
    assert asyncio.run(migrate(settings(empty))) == []
    assert sql(empty, "SELECT xmin::text FROM tenants") == before


def test_the_default_tenant_is_made(empty: str) -> None:
    """After the first migration there is one tenant, the one that anonymous callers live in."""
    asyncio.run(migrate(settings(empty)))
    assert [tuple(row) for row in sql(empty, "SELECT id, slug FROM tenants")] == [(DEFAULT_TENANT, "default")]


SERVICES_TABLES = {
    mapper.class_.__tablename__
    for mapper in Table.registry.mappers
    if mapper.class_.__module__.startswith("esteio.services.")
}
BESIDE_COLUMNS = ("remove_index", "remove_constraint", "remove_fk")


def is_of_migrations_alone(difference: object) -> bool:
    """Jobs, files, webhooks and services are asked in plain SQL: their indexes and constraints stand in migrations."""
    if not isinstance(difference, tuple) or difference[0] not in BESIDE_COLUMNS:
        return False
    name: str = difference[1].table.name
    return name.startswith(("job", "file", "webhook")) or name in SERVICES_TABLES


MODULES = (
    esteio.auth.tables,
    esteio.events.events,
    esteio.backups.tables,
    esteio.files.tables,
    esteio.http.idempotency,
    esteio.jobs.tables,
    esteio.traffic.tables,
    esteio.webhooks.tables,
)
"""Where the platform describes its tables."""


def drifted(url: str, packages: tuple[str, ...]) -> list[object]:
    """In what the database differs from the models of the packages."""
    models = [mapper.class_ for mapper in Table.registry.mappers if mapper.class_.__module__.startswith(packages)]
    assert models
    names = {model.__tablename__ for model in models} | {"alembic_version"}

    def differences(connection: Connection) -> list[object]:
        options = {
            "compare_type": True,
            "include_object": lambda _, name, kind, *__: kind != "table" or name in names,
        }
        found = compare_metadata(MigrationContext.configure(connection, opts=options), Table.metadata)
        return [one for one in found if "alembic_version" not in str(one) and not is_of_migrations_alone(one)]

    async def compare() -> list[object]:
        engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url))
        async with engine.connect() as connection:
            found = await connection.run_sync(differences)
        await engine.dispose()
        return found

    return asyncio.run(compare())


def test_the_tables_are_those_that_the_models_describe(empty: str) -> None:
    """Nothing in the models is missing in the database, and the other way round: the two cannot drift apart."""
    asyncio.run(migrate(settings(empty)))
    assert drifted(empty, tuple(module.__name__ for module in MODULES)) == []


@pytest.mark.parametrize("service", sorted(manifest.name for manifest in SHIPPED))
def test_the_tables_of_a_service_are_those_that_its_models_describe(empty: str, service: str) -> None:
    """The same for each shipped service and what its own migrations make."""
    asyncio.run(migrate(settings(empty), service_folders(SHIPPED)))
    assert drifted(empty, (f"esteio.services.{service}",)) == []


def migrating(url: str, role: str = "esteio_runtime") -> subprocess.Popen[str]:
    """A process of its own that migrates and prints what it applied."""
    program = (
        "import asyncio, sys; from esteio.db.settings import DatabaseSettings; from esteio.migrations.runner import "
        "migrate; print(asyncio.run(migrate(DatabaseSettings(url=sys.argv[1], runtime_role=sys.argv[2]))))"
    )
    return subprocess.Popen([sys.executable, "-c", program, url, role], stdout=subprocess.PIPE, text=True)


def said(running: list[subprocess.Popen[str]]) -> list[str]:
    """What each printed, once all have ended well."""
    found = [process.communicate(timeout=60)[0].strip() for process in running]
    assert [process.returncode for process in running] == [0] * len(running)
    return found


def test_processes_that_migrate_at_once_do_it_once(empty: str) -> None:
    """Four processes start together: all succeed, one does the work."""
    assert sorted(said([migrating(empty) for _ in range(4)]), reverse=True) == ["[]", "[]", "[]", str(PLATFORM)]


def test_two_databases_that_share_a_server_share_the_role(engines: Engines) -> None:
    """Roles belong to the whole server: databases that are migrated at once both find the role made."""
    names = ["both_1", "both_2", "both_3"]
    for name in names:
        sql(engines.database_url, f"CREATE DATABASE {name} OWNER esteio")
    done = said([migrating(on_database(engines.database_url, name), "both_runtime") for name in names])
    assert done == [str(PLATFORM)] * 3
    assert len(sql(engines.database_url, "SELECT FROM pg_roles WHERE rolname = 'both_runtime'")) == 1
    for name in names:
        sql(engines.database_url, f"DROP DATABASE {name} WITH (FORCE)")


def test_a_services_migrations_travel_with_it(empty: str, service: Callable[..., Path]) -> None:
    """A folder of a service is applied after the platform, its tables are the API role's to use, later ones follow."""
    folder = service("svc_1", work="op.execute('CREATE TABLE things (id int)')")
    assert sorted(asyncio.run(migrate(settings(empty), [folder]))) == [*PLATFORM, "svc_1"]
    rights = sql(
        empty,
        "SELECT privilege_type FROM information_schema.role_table_grants "
        "WHERE table_name = 'things' AND grantee = 'esteio_runtime'",
    )
    assert {row[0] for row in rights} == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    service("svc_2", down="svc_1")
    known = known_revisions([VERSIONS, folder])
    assert known.behind(present(empty))
    assert asyncio.run(migrate(settings(empty), [folder])) == ["svc_2"]
    assert not known.behind(present(empty))


def test_a_service_that_joins_later_is_migrated_then(empty: str, service: Callable[..., Path]) -> None:
    """A database of the platform alone takes a service's branch up without touching what is there."""
    asyncio.run(migrate(settings(empty)))
    assert asyncio.run(migrate(settings(empty), [service("svc_1")])) == ["svc_1"]


def test_a_failed_migration_leaves_what_was_before_it(empty: str, service: Callable[..., Path]) -> None:
    """Each revision is a transaction: one that fails leaves no half of itself, and those before it stand."""
    folder = service("svc_1", work="op.execute('CREATE TABLE half (id int)'); op.execute('SELECT 1/0')")
    with pytest.raises(Exception, match="division by zero"):
        asyncio.run(migrate(settings(empty), [folder]))
    assert "esteio_0001" in PLATFORM and "svc_1" not in present(empty)
    assert sql(empty, "SELECT to_regclass('half')")[0][0] is None


def test_a_database_of_a_newer_version_is_refused_untouched(empty: str, service: Callable[..., Path]) -> None:
    """Revisions that this installation has no file for are named, and nothing is changed."""
    folder = service("svc_1")
    asyncio.run(migrate(settings(empty), [folder]))
    (folder / "svc_1.py").unlink()
    before = present(empty)
    with pytest.raises(StartRefused, match="svc_1"):
        asyncio.run(migrate(settings(empty), [folder]))
    assert present(empty) == before


def test_a_migration_does_not_queue_the_traffic_behind_it(empty: str, service: Callable[..., Path]) -> None:
    """A revision that cannot get its lock gives up in seconds instead of holding up every later query."""
    asyncio.run(migrate(settings(empty)))
    folder = service("svc_1", work="op.execute('ALTER TABLE plans ADD COLUMN x int')")

    async def blocked() -> None:
        reader = await asyncpg.connect(empty)
        async with reader.transaction():
            await reader.execute("LOCK TABLE plans IN ACCESS SHARE MODE")
            async with asyncio.timeout(20):
                await migrate(settings(empty), [folder])
        await reader.close()

    with pytest.raises(Exception, match="lock timeout"):
        asyncio.run(blocked())


def test_files_alone_tell_the_heads(service: Callable[..., Path]) -> None:
    """A readiness check learns the heads without importing a migration or the migration tool."""
    folder = service("svc_1", work="raise SystemExit('imported')")
    service("svc_2", down="svc_1")
    known = known_revisions([VERSIONS, folder])
    assert {"svc_1", "svc_2"} < known.known and "svc_2" in known.heads and "svc_1" not in known.heads
