"""PostgreSQL and Valkey as child processes: real ones, in directories made for the test."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil
import pytest
import redis

from esteio.embedded.engines import Engines, running_engines
from esteio.embedded.sockets import LONGEST
from tests.house import AMPLE

Sql = Callable[[str, str], Any]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")


@pytest.fixture(scope="module")
def running(lasting_place: Path) -> Iterator[Engines]:
    """Engines that tests may only look at."""
    with running_engines(lasting_place / "data") as engines:
        yield engines


def family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def test_first_start_makes_a_database_of_an_ordinary_role(running: Engines, sql: Sql) -> None:
    """The role `esteio` owns the database and may make roles, but is no superuser; texts sort alike everywhere."""
    url = running.database_url
    rights = "SELECT ARRAY[rolsuper, rolcreaterole, rolcreatedb, rolcanlogin] FROM pg_roles WHERE rolname = 'esteio'"
    assert sql(url, rights) == [False, True, True, True]
    owner = "SELECT pg_get_userbyid(datdba) || ' ' || pg_encoding_to_char(encoding) FROM pg_database"
    assert sql(url, f"{owner} WHERE datname = current_database()") == "esteio UTF8"
    assert sql(url, "SELECT 'Z' < 'a' AND lower('É') = 'é'") is True


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync", "full_page_writes"])
def test_acknowledged_writes_are_on_disk(running: Engines, sql: Sql, setting: str) -> None:
    """R1: the settings that make a commit durable are on unless a test says otherwise."""
    assert sql(running.database_url, f"SHOW {setting}") == "on"


def test_engines_listen_on_private_unix_sockets_only(running: Engines) -> None:
    """No process of either engine has a network socket, and nobody else may enter the sockets' directory."""
    sockets = Path(unquote(urlsplit(running.redis_url).path)).parent
    assert {entry.name for entry in sockets.iterdir()} >= {".s.PGSQL.5432", "valkey.sock"}
    assert sockets.stat().st_mode & 0o077 == 0
    processes = family(running.postgres.pid) + family(running.valkey.pid)
    assert [socket for one in processes for socket in network_sockets(one)] == []


def test_full_valkey_refuses_instead_of_forgetting(running: Engines) -> None:
    """Memory is bounded, and no counter is evicted to make room."""
    settings: Any = redis.Redis.from_url(running.redis_url).config_get("maxmemory*")
    assert (settings["maxmemory"], settings["maxmemory-policy"]) == (str(256 * 1024**2), "noeviction")


def network_sockets(process: psutil.Process) -> list[Any]:
    """None for one that came and went, such as a session's."""
    try:
        return process.net_connections("inet")
    except psutil.NoSuchProcess:
        return []


@as_root
def test_root_runs_no_engine_as_root(running: Engines) -> None:
    """Neither engine keeps root's user, group or supplementary groups, so no process they start can have them."""
    for process in map(psutil.Process, (running.postgres.pid, running.valkey.pid)):
        assert 0 not in (*process.uids(), *process.gids())
        groups = Path(f"/proc/{process.pid}/status").read_text().split("Groups:")[1].split("\n")[0].split()
        assert groups == [str(process.gids().real)]


@as_root
def test_root_opens_the_way_to_the_data_and_says_so(place: Path) -> None:
    """An ancestor that the engines' account cannot pass gets search permission and nothing else; one line says it."""
    said: list[str] = []
    with running_engines(place / "closed" / "data", durable=False, say=said.append):
        assert (place.stat().st_mode & 0o777, (place / "closed" / "data" / "secret").exists()) == (0o701, False)
    assert len(said) == 1
    assert f"o+x) to {place}," in said[0]


def test_later_start_finds_the_data(place: Path, sql: Sql) -> None:
    """What was written before a stop is there after the next start; what Valkey held may be gone."""
    with running_engines(place) as engines:
        sql(engines.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        redis.Redis.from_url(engines.redis_url).set("lost", "yes")
    with running_engines(place) as engines:
        assert sql(engines.database_url, "SELECT answer FROM kept") == 42
        assert redis.Redis.from_url(engines.redis_url).get("lost") is None


def test_committed_write_survives_a_killed_server(place: Path, sql: Sql) -> None:
    """R1: a server killed right after a commit was acknowledged recovers that commit."""
    with running_engines(place) as engines:
        sql(engines.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        engines.postgres.kill()
        engines.postgres.start()
        assert sql(engines.database_url, "SELECT answer FROM kept") == 42


def test_killed_valkey_starts_again_empty(place: Path) -> None:
    """Valkey keeps nothing over a crash, and its old socket is not in the way."""
    with running_engines(place, durable=False) as engines:
        client = redis.Redis.from_url(engines.redis_url)
        client.set("lost", "yes")
        engines.valkey.kill()
        engines.valkey.start()
        assert client.get("lost") is None


def test_stop_leaves_no_process(place: Path) -> None:
    """After the block neither the engines nor any process they started exist."""
    with running_engines(place, durable=False) as engines:
        processes = family(engines.postgres.pid) + family(engines.valkey.pid)
    assert psutil.wait_procs(processes, timeout=AMPLE)[1] == []
    assert not (place / "children.json").exists()


def test_long_path_takes_a_short_private_directory_for_sockets(place: Path, sql: Sql) -> None:
    """A path beyond the limit of socket names works, spaces and quotes included; nothing of it is left afterwards."""
    data = place / ("a long 'name' with \"quotes\", commas and spaces " * 3)
    with running_engines(data, durable=False) as engines:
        short = Path((data / "sockets").read_text())
        assert len(os.fsencode(data / "run" / ".s.PGSQL.5432")) > LONGEST
        assert (short.stat().st_mode & 0o777, short.parent) == (
            0o700,
            Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp"),
        )
        assert sql(engines.database_url, "SELECT 1") == 1
        assert redis.Redis.from_url(engines.redis_url).ping()
    assert not short.exists()


def test_odd_characters_in_a_path(place: Path, sql: Sql) -> None:
    """A data directory may be called anything."""
    with running_engines(place / "é \"'%,;", durable=False) as engines:
        assert sql(engines.database_url, "SELECT 1") == 1
        assert redis.Redis.from_url(engines.redis_url).ping()


@as_root
def test_short_directory_of_someone_else_is_left_alone(place: Path) -> None:
    """When the recorded name in the shared directory belongs to another user by now, a new one is made."""
    data = place / ("x" * 110)
    with running_engines(data, durable=False):
        pass
    strangers = place / "esteio-stranger"
    strangers.mkdir()
    os.chown(strangers, 12345, 12345)
    (data / "sockets").write_text(str(strangers))
    with running_engines(data, durable=False):
        assert (data / "sockets").read_text() != str(strangers)
    assert strangers.exists()


def test_recycled_process_number_does_not_block_the_start(place: Path, sql: Sql) -> None:
    """A `postmaster.pid` of a killed server whose number now belongs to an unrelated process is not believed."""
    with running_engines(place, durable=False) as engines:
        engines.postgres.kill()
    lock = place / "postgres" / "postmaster.pid"
    owner = lock.stat().st_uid
    with subprocess.Popen(["sleep", "60"], user=owner, cwd="/") as stranger:
        try:
            lines = lock.read_text().splitlines()
            lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
            with running_engines(place, durable=False) as engines:
                assert sql(engines.database_url, "SELECT 1") == 1
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_frozen_engine_is_stopped_all_the_same(place: Path) -> None:
    """A silent Valkey does not hear the polite signal; the stop does not hang on it."""
    with running_engines(place, durable=False) as engines:
        engines.valkey.freeze()
        pid = engines.valkey.pid
    assert not psutil.pid_exists(pid)
