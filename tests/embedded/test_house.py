"""`esteio up` as a process: started, killed, asked to stop, started twice. Real engines; the API is a stand-in."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from esteio.embedded.patience import until
from tests.house import AMPLE, unused_port

HOUSE = [sys.executable, str(Path(__file__).with_name("run_house.py"))]
UP = [sys.executable, "-c", "from esteio.cli.up import up; up()"]
SECONDS = 60.0


@pytest.fixture(autouse=True)
def from_a_terminal() -> Iterator[None]:
    """Under nohup a SIGHUP is ignored, by children too, which is what `up` is to heed then; here it is not meant."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@dataclass
class Up:
    """A house that said it is ready."""

    process: subprocess.Popen[str]
    port: int
    told: list[str]

    def ask(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=AMPLE) as answer:
            return dict(json.load(answer))

    def answers(self) -> bool:
        try:
            return bool(self.ask())
        except OSError:
            return False

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def engine(self, name: str) -> psutil.Process:
        return next(one for one in psutil.Process(self.process.pid).children() if Path(one.exe()).name == name)

    def background(self) -> list[psutil.Process]:
        """Worker and scheduler, once they are ready to be told to end."""
        found = []
        for one in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if "work" in one.cmdline() and heeds_sigterm(one.pid):
                    found.append(one)
        return found

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


def start(data: Path, port: int, **environment: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [*HOUSE, str(data), str(port)], stdout=pipe, stderr=pipe, text=True, env=os.environ | environment
    )


@contextmanager
def opened(data: Path, port: int, **environment: str) -> Iterator[Up]:
    with start(data, port, **environment) as process:
        assert process.stdout and process.stderr
        try:
            told = []
            for line in process.stdout:
                told.append(line.strip())
                if line.startswith("ready at"):
                    break
            else:
                pytest.fail(process.stderr.read())
            yield Up(process, port, told)
        finally:
            process.terminate()


def heeds_sigterm(pid: int) -> bool:
    """Whether the process has a handler of its own for SIGTERM."""
    caught = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def refusal(data: Path, port: int, **environment: str) -> tuple[int, str]:
    with start(data, port, **environment) as process:
        _, sentence = process.communicate(timeout=SECONDS)
        return process.returncode, sentence


def all_gone(processes: list[psutil.Process]) -> bool:
    return psutil.wait_procs(processes, timeout=SECONDS)[1] == []


@pytest.fixture(scope="module")
def first_start(lasting_place: Path) -> Path:
    """Data as a first start leaves them."""
    with opened(lasting_place / "data", unused_port()):
        return lasting_place / "data"


@pytest.fixture
def data(first_start: Path, place: Path) -> Path:
    """A copy of such data for one test, made faster than by another first start."""
    subprocess.run(["cp", "-a", first_start, place], check=True)
    return place / "data"


def test_first_start_tells_the_credentials_once(place: Path, free_port: int) -> None:
    """The first start tells credentials and address; the second tells no credentials and has the same secret."""
    with opened(place, free_port) as first:
        assert first.told == ["admin@example.org told once key told once", f"ready at http://127.0.0.1:{free_port}"]
        secret = first.ask()["ESTEIO_SECRET_KEY"]
    with opened(place, free_port) as later:
        assert later.told == [f"ready at http://127.0.0.1:{free_port}"]
        assert later.ask()["ESTEIO_SECRET_KEY"] == secret
    assert len(secret) >= 43
    assert (place / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stop_leaves_no_process_behind(data: Path, free_port: int, number: signal.Signals) -> None:
    """Each way of asking ends every child, grandchildren included, removes the sockets, and exits with 0."""
    with opened(data, free_port) as up:
        assert until(lambda: len(up.family()) >= 8, SECONDS)
        processes = up.family()
        assert up.end(number) == 0
        assert all_gone(processes)
    assert list((data / "run").iterdir()) == []


def test_what_works_in_the_background_outlives_the_api(data: Path, free_port: int, place: Path) -> None:
    """Nothing is accepted any more when the scheduler ends, nothing is carried any more when the worker ends."""
    ended = place / "ended"
    with opened(data, free_port, ENDED=str(ended)) as up:
        assert until(lambda: len(up.background()) == 2, SECONDS)
        assert up.end(signal.SIGTERM) == 0
    assert ended.read_text().split() == ["api", "scheduler", "worker"]


def test_a_dead_worker_is_started_again_and_still_ends_last(data: Path, free_port: int, place: Path) -> None:
    """Worker and scheduler that were killed come back in their places of the order."""
    ended = place / "ended"
    with opened(data, free_port, ENDED=str(ended)) as up:
        assert until(lambda: len(up.background()) == 2, SECONDS)
        first = up.background()
        for process in first:
            process.kill()
        assert until(lambda: len({*up.background()} - {*first}) == 2, SECONDS)
        assert up.end(signal.SIGTERM) == 0
    assert ended.read_text().split() == ["api", "scheduler", "worker"]


def test_stop_while_starting_leaves_no_process_behind(place: Path, free_port: int) -> None:
    """A stop asked for in the middle of the first start is a clean one, and the next start succeeds."""
    with start(place, free_port) as process:
        assert until((place / "postgres.new").exists, SECONDS)
        processes = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        assert process.wait(SECONDS) == 0
    assert all_gone(processes)
    assert not (place / "postgres.new").exists()
    with opened(place, free_port) as up:
        assert up.answers()


def test_ctrl_c_twice_does_not_wait_for_a_deaf_api(data: Path, free_port: int) -> None:
    """The second Ctrl-C ends at once what the first one would have given 30 s to."""
    with opened(data, free_port, STAND_IN="deaf") as up:
        processes = up.family()
        up.process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            up.process.wait(1)
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(20) == 0
        assert all_gone(processes)


def test_next_start_recovers_from_kill_9(data: Path, free_port: int, sql: Callable[[str, str], Any]) -> None:
    """After a `kill -9` of up, the next start ends what was left, keeps what was committed, and answers on its port."""
    with opened(data, free_port) as up:
        sql(up.ask()["ESTEIO_DATABASE__URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
        processes = up.family()
        up.end(signal.SIGKILL)
    with opened(data, free_port) as again:
        assert all_gone(processes)
        assert sql(again.ask()["ESTEIO_DATABASE__URL"], "SELECT answer FROM kept") == 42


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal is Linux's; elsewhere the next start cleans up")
def test_kill_9_of_everything_at_once_is_recovered_from(data: Path, free_port: int) -> None:
    """Up and both engines killed at once: locks, sockets and shared memory of the dead are not in the way."""
    with opened(data, free_port) as up:
        engines = [up.engine("postgres"), up.engine("valkey-server")]
        up.process.kill()
        for engine in engines:
            engine.kill()
    with opened(data, free_port) as again:
        assert again.answers()


def test_dead_children_are_started_again(data: Path, free_port: int, sql: Callable[[str, str], Any]) -> None:
    """A killed API, PostgreSQL or Valkey comes back while up runs; the data are kept."""
    with opened(data, free_port) as up:
        first = up.ask()
        sql(first["ESTEIO_DATABASE__URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
        killed = [psutil.Process(first["pid"]), up.engine("postgres"), up.engine("valkey-server")]
        for process in killed:
            process.kill()
        assert until(up.answers, SECONDS)
        assert up.ask()["pid"] != first["pid"]
        assert until(lambda: answers_sql(sql, first["ESTEIO_DATABASE__URL"]), SECONDS)
        assert until((data / "run" / "valkey.sock").is_socket, SECONDS)
        assert sql(first["ESTEIO_DATABASE__URL"], "SELECT answer FROM kept") == 42
        assert all_gone(killed)


def test_a_stand_in_is_there_from_start_to_end(data: Path, free_port: int, place: Path) -> None:
    """Its address is told and given to the API; killed, it comes back there; it ends after all who may call it."""
    ended = place / "ended"
    with opened(data, free_port, PARTY="played", ENDED=str(ended)) as up:
        url = up.ask()["PARTY_URL"]
        assert up.told == [f"Party {url}", f"ready at http://127.0.0.1:{free_port}"]
        assert until(lambda: asked(url), SECONDS)
        first = asked(url)["pid"]
        assert (asked(url)["PARTY_SECRET"], up.ask()["PARTY_SECRET"]) == ("known to both", "known to both")
        told = data / "stand-ins.json"
        assert told.stat().st_mode & 0o777 == 0o600
        assert up.ask()["ESTEIO_DEVELOPMENT__STAND_INS"] == str(told)
        party = json.loads(told.read_text())["Party"]
        assert (party["url"], party["letters"]) == (url, str(data / "letters"))
        assert asked(url)["arguments"][1:] == [url.rpartition(":")[2], party["letters"]]
        assert party["control"].endswith("/_standin")
        assert first in [one.pid for one in psutil.Process(up.process.pid).children()]
        os.kill(first, signal.SIGKILL)
        assert until(lambda: asked(url).get("pid", first) != first, SECONDS)
        assert asked(url)["PARTY_SECRET"] == "known to both"
        assert until(lambda: len(up.background()) == 2, SECONDS)
        assert up.end(signal.SIGTERM) == 0
    assert ended.read_text().split() == ["api", "scheduler", "worker", "party"]
    assert not told.exists()


def asked(url: str) -> dict[str, Any]:
    """What the server says of itself; nothing when it is away."""
    try:
        with urllib.request.urlopen(url, timeout=AMPLE) as answer:
            return dict(json.load(answer))
    except OSError:
        return {}


def test_no_stand_in_without_need(data: Path, free_port: int) -> None:
    """A house whose commands name none starts none and says nothing of any."""
    (data / "stand-ins.json").write_text("of a run that was killed")
    with opened(data, free_port) as up:
        assert up.ask()["PARTY_URL"] is None
        assert up.ask()["ESTEIO_DEVELOPMENT__STAND_INS"] == ""
        assert not (data / "stand-ins.json").exists()
        assert up.told == [f"ready at http://127.0.0.1:{free_port}"]


@pytest.mark.parametrize(("ended", "said"), [("0", ""), ("3", "The samples could not be put in (exit 3)")])
def test_samples_that_fail_end_nothing(place: Path, free_port: int, ended: str, said: str) -> None:
    """They are put in before the house is open; where that fails it is told, and the house opens all the same."""
    with start(place, free_port, DEMO=ended) as process:
        assert process.stdout and process.stderr
        assert "told once" in process.stdout.readline()
        assert process.stdout.readline() == f"ready at http://127.0.0.1:{free_port}\n"
        process.terminate()
        assert process.wait(SECONDS) == 0
        assert process.stderr.read().startswith(said)


def answers_sql(sql: Callable[[str, str], Any], url: str) -> bool:
    try:
        return bool(sql(url, "SELECT 1"))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # not there yet, or still recovering
        return False


def test_migrations_are_run_once_for_each_set(data: Path, free_port: int, place: Path) -> None:
    """What these revisions made of the data is not made again; others are applied, also after an API that failed."""
    runs = place / "runs"
    runs.touch()

    def after(revisions: str, **mood: str) -> int:
        with start(data, free_port, REVISIONS=revisions, MIGRATED=str(runs), **mood) as process:
            assert process.stdout
            ready = any(line.startswith("ready at") for line in iter(process.stdout.readline, ""))
            assert ready is not bool(mood)
            process.terminate()
        return len(runs.read_text().splitlines())

    assert after("1") == 1
    assert after("1") == 1
    assert after("2") == 2
    assert after("2", STAND_IN="dies") == 2
    assert after("2") == 3
    with opened(data, free_port, MIGRATED=str(runs)):
        assert len(runs.read_text().splitlines()) == 4


def test_api_that_cannot_start_ends_up(place: Path, free_port: int) -> None:
    """The exit code says so, the credentials are told nevertheless, nothing runs afterwards."""
    with start(place, free_port, STAND_IN="dies") as process:
        told, sentence = process.communicate(timeout=SECONDS)
    assert (process.returncode, told.strip()) == (70, "admin@example.org told once key told once")
    assert "the API cannot start" in sentence
    assert "The API ended (exit 1)" in sentence
    assert not (place / "children.json").exists()


def test_engines_of_the_operator_are_used(place: Path, free_port: int) -> None:
    """With both addresses set nothing is started but the API, which gets them as they are."""
    urls = {"ESTEIO_DATABASE__URL": "postgresql://db.example.org/x", "ESTEIO_REDIS__URL": "redis://cache.example.org/1"}
    with opened(place, free_port, **urls) as up:
        assert urls.items() <= up.ask().items()
        assert {Path(one.exe()).name for one in up.family()} == {Path(sys.executable).resolve().name}
    assert not (place / "postgres").exists()


def test_taken_port_is_refused_before_anything_starts(place: Path, free_port: int) -> None:
    """One sentence that names the port, exit code 69, no database made."""
    with socket.create_server(("127.0.0.1", free_port)):
        code, sentence = refusal(place, free_port)
        command = subprocess.run(
            [*UP, "--port", str(free_port), "--data-dir", str(place)], capture_output=True, text=True, check=False
        )
    assert (code, sentence.count("\n")) == (69, 1)
    assert f"port {free_port}" in sentence
    assert not (place / "postgres").exists()
    assert (command.returncode, command.stderr) == (69, f"esteio: {sentence}")


def test_second_up_is_refused_and_harms_nothing(data: Path, free_port: int) -> None:
    """It names the process that holds the directory, exits with 75, and the first goes on."""
    with opened(data, free_port) as up:
        assert until(lambda: len(up.background()) == 2, SECONDS)
        before = psutil.Process(up.process.pid).children()
        code, sentence = refusal(data, free_port)
        assert (code, sentence.count("\n")) == (75, 1)
        assert f"pid {up.process.pid}" in sentence
        assert psutil.Process(up.process.pid).children() == before
        assert up.answers()
