"""R7 behind the shipped nginx: both API processes are replaced under load, and nobody notices."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.command import SECONDS, serving, surroundings
from tests.deploy.proxies.conftest import deployed, need_nginx
from tests.deploy.proxies.front import DEPLOY, Certificate, Front, Plan, nginx
from tests.deploy.proxies.listener import Listener
from tests.deploy.proxies.replace import begin
from tests.house import ADMIN_KEY, AMPLE, eventually, sql, unused_port
from tests.worker.processes import scheduler, worker

K6 = Path(sys.executable).with_name("k6")
SCRIPT = Path(__file__).with_name("rolling.js")
RATE = os.environ.get("ROLLING_RATE", "30")
LASTS = os.environ.get("ROLLING_SECONDS", "26")
SOCKETS = int(os.environ.get("ROLLING_SOCKETS", "6"))


@dataclass(frozen=True)
class Pair:
    """Two API processes that something else may replace."""

    settings: dict[str, str]
    plan: Plan
    folder: Path

    def pids(self) -> list[str]:
        return [(self.folder / f"{port}.pid").read_text() for port in self.plan.upstreams]

    def said(self) -> str:
        return "".join((self.folder / f"{port}.log").read_text() for port in self.plan.upstreams)


@pytest.fixture
def settings(new_database: Callable[[], str], new_redis: Callable[[], str]) -> dict[str, str]:
    return deployed(new_database(), new_redis(), unused_port(), HTTP__MAX_RUNNING="2000")  # what is shed is no loss


@pytest.fixture
def plan(certificate: Certificate) -> Plan:
    ports = [unused_port() for _ in range(4)]
    return Plan(certificate, ports[0], ports[1], ports[2:], {"local/wall.conf": ("rate=100r/s", "rate=10000r/s")})


@pytest.fixture
def pair(settings: dict[str, str], plan: Plan) -> Iterator[Pair]:
    """Both ready, outside the family of this process; whatever runs on their ports at the end is ended."""
    with tempfile.TemporaryDirectory(prefix="esteio-rolling-") as name:
        one = Pair(settings, plan, Path(name))
        with pytest.MonkeyPatch.context() as patch:
            for key, value in surroundings(settings).items():
                patch.setenv(key, value)
            for port in plan.upstreams:
                begin(one.folder, port)
        try:
            for port in plan.upstreams:
                eventually(lambda port=port: ready(port), SECONDS)  # type: ignore[misc]
            yield one
        finally:
            ending = [psutil.Process(int(pid)) for pid in one.pids() if psutil.pid_exists(int(pid))]
            for process in ending:
                with suppress(psutil.NoSuchProcess):
                    process.terminate()
            psutil.wait_procs(ending, SECONDS)


def ready(port: int) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=AMPLE).status_code == 200
    return False


@contextmanager
def loaded(front: Front, name: str, folder: Path) -> Iterator[dict[str, dict[str, float]]]:
    """k6 for the time of the block and until its load is over; then what it has measured."""
    measured: dict[str, dict[str, float]] = {}
    summary = folder / f"{name}.json"
    given = {"BASE": front.url, "KEY": ADMIN_KEY, "RATE": RATE, "SECONDS": LASTS, "RUN": name}
    command = [str(K6), "run", "--quiet", "--no-usage-report", "--summary-export", str(summary), str(SCRIPT)]
    with (folder / f"{name}.txt").open("wb") as said:
        process = subprocess.Popen(command, env=os.environ | given, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        yield measured
        code = process.wait(float(LASTS) + SECONDS)
    finally:
        process.kill()
        process.wait()
    told = (folder / f"{name}.txt").read_text()
    assert summary.exists(), told
    measured.update(json.loads(summary.read_text())["metrics"])
    assert code == 0, told


def roll(pair: Pair) -> subprocess.CompletedProcess[str]:
    """The shipped script, on the two processes."""
    restart = f"{sys.executable} -m tests.deploy.proxies.replace {pair.folder}"
    given = {**surroundings(pair.settings), "ROLLING_RESTART": restart, "ROLLING_SETTLE": "3"}
    script = [str(DEPLOY / "rolling-restart.sh"), *map(str, pair.plan.upstreams)]
    return subprocess.run(script, env=given, capture_output=True, text=True, timeout=4 * SECONDS, check=False)


@contextmanager
def listening(url: str, number: int) -> Iterator[list[Listener]]:
    listeners = [Listener(url) for _ in range(number)]
    for one in listeners:
        one.start()
    try:
        for one in listeners:
            assert one.began.wait(SECONDS)
        yield listeners
    finally:
        for one in listeners:
            one.end()


@pytest.mark.skipif(not K6.exists(), reason="k6 is not installed here: it comes with the development tools on Linux")
def test_a_rolling_restart_drops_nothing(pair: Pair) -> None:
    """Reads, writes, jobs and sockets go on while both processes are replaced: nothing fails, is lost or doubled."""
    need_nginx()
    database = pair.settings["ESTEIO_DATABASE__URL"]
    before = pair.pids()
    with ExitStack() as stack:
        front = stack.enter_context(nginx(pair.plan))
        stack.enter_context(scheduler(pair.settings, services=None))
        stack.enter_context(worker(pair.settings, services=None, queues="io"))
        listeners = stack.enter_context(listening(front.url, SOCKETS))
        with loaded(front, "rolling", pair.folder) as measured:
            eventually(lambda: sql(database, "SELECT count(*) AS n FROM pets")[0]["n"] > 10, SECONDS)
            done = roll(pair)
            assert done.returncode == 0, (
                done.stderr + "".join(x for x in pair.said().splitlines(True) if "esteio.access" not in x)[-6000:]
            )
        assert not set(before) & set(pair.pids()), "both are new"
        judge_load(measured)
        judge_jobs(database, int(measured["enqueued"]["count"]))
        pets = sql(database, "SELECT count(*) AS n, count(DISTINCT name) AS names FROM pets")[0]
        assert pets["n"] == pets["names"] == measured["written"]["count"]
        facts = {str(row["id"]) for row in sql(database, "SELECT id FROM outbox WHERE name LIKE 'pet.%'")}
        for one in listeners:
            eventually(lambda one=one: len(one.facts) >= len(facts), SECONDS)  # type: ignore[misc]
    judge_listeners(listeners, facts)
    assert "Traceback" not in pair.said()


def judge_load(measured: dict[str, dict[str, float]]) -> None:
    assert measured["http_req_failed"]["passes"] == 0
    assert measured.get("dropped_iterations", {"count": 0})["count"] == 0
    assert measured["http_reqs"]["count"] > 0.95 * int(RATE) * int(LASTS)
    took = measured["http_req_duration"]
    print(f"p95 {took['p(95)']:.0f} ms, p99 {took['p(99)']:.0f} ms, longest {took['max']:.0f} ms")


def judge_jobs(database: str, ordered: int) -> None:
    """As many exports as were accepted, each done once."""
    asked = "SELECT outcome FROM jobs WHERE name = 'pets.export'"
    eventually(lambda: all(row["outcome"] for row in sql(database, asked)), 2 * SECONDS)
    assert [row["outcome"] for row in sql(database, asked)] == ["succeeded"] * ordered
    assert sql(database, "SELECT count(*) AS n FROM files")[0]["n"] == ordered


def judge_listeners(listeners: list[Listener], facts: set[str]) -> None:
    """Each was told to come back, did, and heard every fact once."""
    for one in listeners:
        assert (one.gaps, sorted(one.facts)) == (0, sorted(facts))
        assert set(one.codes) <= {1012, None}
    assert [code for one in listeners for code in one.codes].count(1012) >= len(listeners)


@pytest.mark.skipif(not K6.exists(), reason="k6 is not installed here: it comes with the development tools on Linux")
def test_a_reload_of_a_fleet_drops_nothing(settings: dict[str, str], plan: Plan, tmp_path: Path) -> None:
    """SIGHUP to `esteio serve --workers 2` behind the proxy, under load: every request is answered."""
    need_nginx()
    alone = replace(plan, upstreams=plan.upstreams[:1])
    with serving(alone.upstreams[0], "--workers", "2", environment=settings) as server, nginx(alone) as front:
        before = {one.pid for one in server.workers()}
        with loaded(front, "reload", tmp_path) as measured:
            server.signal(signal.SIGHUP)
            eventually(lambda: not before & {one.pid for one in server.workers()}, SECONDS)
    judge_load(measured)


def test_nothing_is_restarted_where_the_others_are_not_ready(tmp_path: Path) -> None:
    """The script begins nothing when a process is away already, nor with a single one."""
    begun = tmp_path / "begun"
    given = os.environ | {"ROLLING_RESTART": f"touch {begun}"}
    for ports, words in ((["1", "2"], "1 is not ready"), (["1"], "at least two")):
        done = subprocess.run(
            [str(DEPLOY / "rolling-restart.sh"), *ports], env=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2 and words in done.stderr
    assert not begun.exists()
