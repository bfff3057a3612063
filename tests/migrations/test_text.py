"""Migrations as SQL: what a DBA applies by psql comes to what `esteio migrate` makes."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from esteio.catalog import SHIPPED
from esteio.db.settings import DatabaseSettings
from esteio.embedded.binaries import find_postgres
from esteio.migrations.runner import migrate
from esteio.migrations.text import pending
from esteio.runtime.opening import service_folders
from tests.cli.command import run
from tests.house import environment, patient, sql
from tests.migrations.conftest import Write

SCHEMA = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default, character_maximum_length, is_identity
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2
    """,
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
    "policies": "SELECT * FROM pg_policies ORDER BY tablename, policyname",
    "tables": """
        SELECT relname, relkind, relrowsecurity, relforcerowsecurity, relacl::text, reloptions::text,
               pg_get_userbyid(relowner) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace ORDER BY 1
    """,
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1
    """,
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgenabled::text FROM pg_trigger
        WHERE NOT tgisinternal ORDER BY 1, 2
    """,
    "revisions": "SELECT version_num FROM alembic_version ORDER BY 1",
    "tenants": "SELECT id, slug, name, version FROM tenants ORDER BY 1",
}


def schema(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All that PostgreSQL knows of a database's shape."""
    return {name: [tuple(row) for row in sql(url, question)] for name, question in SCHEMA.items()}


def settings(url: str) -> DatabaseSettings:
    return patient(url)


@pytest.fixture(scope="module")
def psql() -> Path:
    """The program that DBAs use, as the embedded engine brings it."""
    found = Path(find_postgres(None).program("psql"))
    if not found.exists():
        pytest.skip("there is no psql beside this PostgreSQL")
    return found


def applied(psql: Path, url: str, text: str) -> None:
    done = subprocess.run(
        [psql, "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", "-", url],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_psql_applies_is_what_migrate_makes(new_empty: Callable[[], str], psql: Path) -> None:
    """The printed SQL, applied by psql to an empty database, leaves tables, rights and walls as `migrate` does."""
    theirs, ours = new_empty(), new_empty()
    folders = service_folders(SHIPPED)
    asyncio.run(migrate(settings(ours), folders))
    printed = run("migrate", "--sql", environment=environment(theirs, "redis://localhost"))
    assert printed.code == 0, printed.said
    applied(psql, theirs, printed.out)
    found, wanted = schema(theirs), schema(ours)
    assert len(wanted["columns"]) > 500 and len(wanted["policies"]) > 20
    for name, rows in wanted.items():
        assert found[name] == rows, name
    assert asyncio.run(migrate(settings(theirs), folders)) == []


def test_what_is_pending_alone_is_printed(new_empty: Callable[[], str], psql: Path) -> None:
    """From a database of the platform without its services, the SQL has the services' revisions and no other."""
    url, whole = new_empty(), new_empty()
    asyncio.run(migrate(settings(url)))
    asyncio.run(migrate(settings(whole), service_folders(SHIPPED)))
    printed = run("migrate", "--sql", environment=environment(url, "redis://localhost")).out
    assert "pets_0001" in printed and "-> esteio_0001" not in printed
    applied(psql, url, printed)
    assert schema(url)["tables"] == schema(whole)["tables"]
    again = run("migrate", "--sql", environment=environment(url, "redis://localhost"))
    assert (again.code, again.out) == (0, "-- Nothing is pending: the database is at head.\n")


def test_offline_needs_no_database() -> None:
    """All of it is printed where no database can be reached; `--offline` alone is refused."""
    away = environment("postgresql://nobody@127.0.0.1:1/none", "redis://localhost")
    printed = run("migrate", "--sql", "--offline", environment=away)
    assert printed.code == 0, printed.said
    assert printed.out.count("BEGIN;") == printed.out.count("COMMIT;") >= 17
    assert run("migrate", "--offline", environment=away).code == 2
    assert run("migrate", "--sql", environment=away).code == 1


def test_percent_signs_and_statements_outside_transactions(
    new_empty: Callable[[], str], psql: Path, revision: Write
) -> None:
    """A percent sign is written once, and an index made beside the traffic stands outside every transaction."""
    revision("svc_1", "op.execute(\"CREATE TABLE things (id int, name text DEFAULT '100 %')\")")
    folder = revision("svc_2", "safely.add_index('ix_things', 'things', 'name')", down="svc_1")
    url, other = new_empty(), new_empty()
    applied(psql, url, pending(settings(url), (), [folder]))
    asyncio.run(migrate(settings(other), [folder]))
    assert schema(url) == schema(other)
    assert ("things", "ix_things") in {row[:2] for row in schema(url)["indexes"]}


def test_a_pooler_is_not_asked(new_empty: Callable[[], str]) -> None:
    """What is pending is asked past the pooler, by the role that migrates."""
    direct = new_empty()
    asyncio.run(migrate(settings(direct), service_folders(SHIPPED)))
    nobody = "postgresql://esteio_runtime@127.0.0.1:1/esteio"
    given = {**environment(nobody, "redis://127.0.0.1:1"), "ESTEIO_DATABASE__DIRECT_URL": direct}
    done = run("migrate", "--check", environment={**given, "ESTEIO_DATABASE__POOLER": "transaction"})
    assert done.code == 0, done.said
