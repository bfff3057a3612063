"""Revisions are judged: what would hurt the release that runs is named, what would not passes."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from esteio.catalog import SHIPPED
from esteio.migrations import lint
from esteio.migrations.runner import migrate
from esteio.runtime.opening import service_folders
from tests.house import eventually, patient, sql
from tests.migrations.conftest import Write

FOUNDING = frozenset(
    {f"esteio_{number:04}" for number in range(1, 12)}
    | {"pets_0001", "pets_0002", "outages_0001", "store_0001", "petstory_0001", "capsules_0001"}
)
"""What the first release is made with; whatever comes later is held to the rules."""


def test_the_house_and_its_services_keep_to_the_rules() -> None:
    """No revision after the first release's takes away or locks what the release before it uses."""
    assert lint.faults(service_folders(SHIPPED), founding=FOUNDING) == []


def execute(statement: str) -> str:
    return f"op.execute({statement!r})"


HURTFUL = {
    "drops a column": "ALTER TABLE things DROP COLUMN name",
    "drops what the release before": "DROP TABLE things",
    "drops what": "DROP TRIGGER t ON things",
    "renames": "ALTER TABLE things RENAME COLUMN name TO title",
    "renames what": "ALTER TABLE things RENAME TO objects",
    "the type of a column": "ALTER TABLE things ALTER COLUMN name TYPE varchar(10)",
    "sets NOT NULL": "ALTER TABLE things ALTER COLUMN name SET NOT NULL",
    "NOT NULL without a default": "ALTER TABLE things ADD COLUMN more int NOT NULL",
    "default differs by row": "ALTER TABLE things ADD COLUMN more uuid NOT NULL DEFAULT gen_random_uuid()",
    "index that stops writers": "CREATE UNIQUE INDEX ix ON things (name)",
    "index under a lock": "DROP INDEX ix_things",
    "reads all rows": "ALTER TABLE things ADD CONSTRAINT c CHECK (id > 0)",
    "reads all": "ALTER TABLE things ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES tenants (id)",
    "makes its index under a lock": "ALTER TABLE things ADD CONSTRAINT u UNIQUE (name)",
    "locks a table": "LOCK TABLE things IN ACCESS EXCLUSIVE MODE",
    "changes rows in one go": "UPDATE things SET name = ''",
    "removes rows": "DELETE FROM things",
    "takes rights": "REVOKE INSERT ON things FROM esteio_runtime",
    "writes a table anew": "ALTER TABLE things SET UNLOGGED",
    "drops a constraint": "ALTER TABLE things DROP CONSTRAINT ck_things",
}
CONTRACTING = ("drops a column", "drops what the release before", "renames", "removes rows", "drops a constraint")


@pytest.mark.parametrize("words", HURTFUL)
def test_what_hurts_is_named(revision: Write, words: str) -> None:
    """Each step that breaks or stops the release before is a fault of an expanding revision, told in words."""
    revision("svc_1", execute("CREATE TABLE things (id int, name text)"))
    folder = revision("svc_2", execute(HURTFUL[words]), down="svc_1")
    found = lint.faults([folder], founding={*FOUNDING, "svc_1"})
    assert len([one for one in found if one.startswith("svc_2: ") and words in one]) == 1, found


@pytest.mark.parametrize("words", CONTRACTING)
def test_a_contracting_revision_may_drop(revision: Write, words: str) -> None:
    """Whoever names the release since which nobody uses the thing may take it away; a name that is none is a fault."""
    revision("svc_1", execute("CREATE TABLE things (id int, name text)"))
    folder = revision("svc_2", execute(HURTFUL[words]), down="svc_1", more='unused_since = "2.3.0"')
    assert [one for one in lint.faults([folder], founding=FOUNDING) if "svc_2" in one] == []
    revision("svc_2", execute(HURTFUL[words]), down="svc_1", more='unused_since = "soon"')
    assert len([one for one in lint.faults([folder], founding=FOUNDING) if "names a release" in one]) == 1


HARMLESS = (
    execute("ALTER TABLE things ADD COLUMN more int"),
    execute("ALTER TABLE things ADD COLUMN more timestamptz NOT NULL DEFAULT now()"),
    execute("ALTER TABLE things ADD COLUMN more text NOT NULL DEFAULT 'drops; a column'"),
    execute("CREATE TABLE more (id int); CREATE INDEX ix_more ON more (id)").replace(
        "; CREATE", "'); op.execute('CREATE"
    ),
    execute("ALTER TABLE things ADD CONSTRAINT c CHECK (id > 0) NOT VALID"),
    "safely.add_index('ix_things', 'things', 'name', unique=True, where='id > 0')",
    "safely.set_not_null('things', 'id')",
    "safely.add_check('ck_things', 'things', 'id > 0')",
)


@pytest.mark.parametrize("number", range(len(HARMLESS)))
def test_what_does_not_hurt_passes_and_works(new_empty: Callable[[], str], revision: Write, number: int) -> None:
    """The safe ways are no faults, and PostgreSQL takes them on a table with rows."""
    revision("svc_1", execute("CREATE TABLE things (id int, name text)"))
    folder = revision("svc_2", execute("INSERT INTO things VALUES (1, 'a')"), down="svc_1")
    revision("svc_3", HARMLESS[number], down="svc_2")
    assert lint.faults([folder], founding=FOUNDING) == []
    url = new_empty()
    applied = asyncio.run(migrate(patient(url), [folder]))
    assert "svc_3" in applied
    assert sql(url, "SELECT version_num FROM alembic_version WHERE version_num = 'svc_3'")


def test_set_not_null_leaves_no_check_behind(new_empty: Callable[[], str], revision: Write) -> None:
    """After the safe way the column is NOT NULL, and the check that proved it is gone."""
    revision("svc_1", execute("CREATE TABLE things (id int)"))
    folder = revision("svc_2", "safely.set_not_null('things', 'id')", down="svc_1")
    url = new_empty()
    asyncio.run(migrate(patient(url), [folder]))
    assert sql(url, "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'things'::regclass AND attname = 'id'")[0][0]
    assert sql(url, "SELECT conname FROM pg_constraint WHERE conrelid = 'things'::regclass AND contype = 'c'") == []


def test_bodies_between_dollars_are_one_statement() -> None:
    """Semicolons in function bodies, strings and comments end no statement."""
    text = "CREATE FUNCTION f() AS $$ BEGIN; x := ';'; END $$;\n-- a; b\nSELECT 'it''s; one';\n DO $b$ $$;$$ $b$;"
    assert [one.split()[0] for one in lint.split(text)] == ["CREATE", "--", "DO"]


def test_a_lock_that_is_let_go_is_waited_for(new_empty: Callable[[], str], revision: Write) -> None:
    """A revision that met a lock is tried again and applied once the lock is gone, without queueing the traffic."""
    url = new_empty()
    settings = patient(url)
    folder = revision("svc_1", execute("CREATE TABLE things (id int)"))
    asyncio.run(migrate(settings, [folder]))
    revision("svc_2", execute("ALTER TABLE things ADD COLUMN more int"), down="svc_1")

    def waits() -> bool:
        return bool(sql(url, WAITING)[0]["waiting"])

    async def held() -> list[str]:
        reader = await asyncpg.connect(url)
        transaction = reader.transaction()
        await transaction.start()
        await reader.execute("LOCK TABLE things IN ACCESS SHARE MODE")
        migrating = asyncio.create_task(migrate(settings, [folder]))
        await asyncio.to_thread(eventually, waits)
        await asyncio.to_thread(eventually, lambda: not waits())
        await transaction.rollback()
        await reader.close()
        return await migrating

    assert asyncio.run(held()) == ["svc_2"]


WAITING = """
SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted AND relation = 'things'::regclass
"""
