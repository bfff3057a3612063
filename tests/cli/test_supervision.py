"""The service under a service manager: what it tells, whose sockets it takes, how it treats workers that hang."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import pairwise
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.command import Run, all_gone, run, serving, started, surroundings
from tests.cli.load import Load
from tests.cli.manager import Manager, managing, service
from tests.house import eventually, unused_port

HANG = 3.0


@pytest.fixture
def manager() -> Iterator[Manager]:
    with managing() as listening:
        yield listening


def bound() -> socket.socket:
    listening = socket.create_server(("127.0.0.1", unused_port()), backlog=512)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def url_of(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_an_activated_socket_survives_the_restart_of_the_service(manager: Manager, settings: dict[str, str]) -> None:
    """Callers that come while the service is being restarted wait and are answered: not one of them is refused."""
    given = {**settings, "ESTEIO_HTTP__DRAIN_NOTICE": "3"}
    with closing(bound()) as listening:
        load = Load(url_of(listening))
        with ExitStack() as services:
            start = partial(service, "serve", environment=given, manager=manager, sockets=[listening])
            first = services.enter_context(start())
            with load.of(4):
                eventually(lambda: load.answered > 40)
                first.process.terminate()
                assert first.process.wait(60) == 0, first.text
                answered = load.answered
                services.enter_context(start())
                eventually(lambda: load.answered > answered + 40)
    assert load.failures == []


def test_several_activated_sockets_of_different_kinds(
    manager: Manager, settings: dict[str, str], tmp_path: Path
) -> None:
    """Each socket that is handed over is listened on, a Unix socket too, by every worker; port 8000 is left alone."""
    local = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    local.bind(str(tmp_path / "api"))
    local.listen(64)
    given = {**settings, "ESTEIO_HTTP__TRUSTED_PROXIES": "unix"}
    with (
        closing(bound()) as one,
        closing(bound()) as other,
        closing(local),
        service("serve", "--workers", "2", environment=given, manager=manager, sockets=[one, local, other]),
    ):
        assert httpx.get(f"{url_of(one)}/readyz").status_code == 200
        assert httpx.get(f"{url_of(other)}/readyz").status_code == 200
        assert over(tmp_path / "api").get("/readyz").status_code == 200


def over(path: Path) -> httpx.Client:
    return httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://api.example.org")


def test_the_life_of_a_fleet_as_the_manager_hears_it(manager: Manager, settings: dict[str, str]) -> None:
    """Ready once all answer, alive, reloading with the clock, ready again, ending; and the parent alone speaks."""
    with service(
        "serve", "--port", str(unused_port()), "--workers", "2", environment=settings, manager=manager, watchdog=1.5
    ) as fleet:
        assert manager.last("STATUS") == "2 of 2 workers answer."
        before = manager.times("WATCHDOG")
        eventually(lambda: manager.times("WATCHDOG") > before + 2)
        old = fleet.pids()
        fleet.process.send_signal(signal.SIGHUP)
        eventually(lambda: manager.times("READY") == 2, 90)
        assert int(manager.last("MONOTONIC_USEC")) > 0
        assert manager.times("RELOADING") == 1
        eventually(lambda: not fleet.pids() & old)
        fleet.process.terminate()
        assert fleet.process.wait(60) == 0
        eventually(lambda: manager.times("STOPPING") == 1)
        assert manager.senders() == {fleet.process.pid}


@pytest.mark.parametrize("words", [("worker", "--queues", "io"), ("scheduler",)])
def test_workers_and_the_scheduler_tell_how_they_stand(
    manager: Manager, settings: dict[str, str], words: tuple[str, ...]
) -> None:
    """They say that they are ready, give signs of life, and say that they end."""
    with service(*words, environment=settings, manager=manager, watchdog=1.5) as running:
        before = manager.times("WATCHDOG")
        eventually(lambda: manager.times("WATCHDOG") > before + 2)
        running.process.terminate()
        assert running.process.wait(60) == 0, running.text
        eventually(lambda: manager.times("STOPPING") == 1)
        assert manager.senders() == {running.process.pid}


@pytest.mark.parametrize("words", [("serve",), ("worker", "--queues", "io")])
def test_a_worker_that_hangs_is_killed_and_replaced(
    manager: Manager, settings: dict[str, str], words: tuple[str, ...]
) -> None:
    """A process whose event loop stands still is given up after the seconds of the setting; another takes its place."""
    given = {**settings, "ESTEIO_HANG_SECONDS": str(HANG)}
    port = ("--port", str(unused_port())) if words == ("serve",) else ()
    with service(*words, *port, environment=given, manager=manager) as running:
        [victim] = running.children()
        victim.suspend()
        assert all_gone([victim])
        assert "worker hangs" in running.text
        eventually(lambda: manager.last("STATUS") == "1 of 1 workers answer." and running.children() != [], 90)
        assert running.pids() != {victim.pid}
        assert manager.times("STATUS") >= 3, "the manager was told that none answered meanwhile"


def test_a_parent_that_stood_still_itself_blames_nobody(manager: Manager, settings: dict[str, str]) -> None:
    """A whole family that was frozen and goes on is not taken for one that hangs."""
    given = {**settings, "ESTEIO_HANG_SECONDS": "2"}
    with service("serve", "--port", str(unused_port()), environment=given, manager=manager) as running:
        [worker] = running.children()
        parent = psutil.Process(running.process.pid)
        worker.suspend()
        parent.suspend()
        end = time.monotonic() + 4
        eventually(lambda: time.monotonic() > end)
        parent.resume()
        worker.resume()
        seen = running.text
        # The next renewal shows that it looked around again and went on with the same worker until then.
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: manager.times("READY") == 2, 90)
        assert "worker hangs" not in running.text, seen


def test_the_death_of_a_new_worker_is_seen_while_the_old_one_still_drains(
    manager: Manager, settings: dict[str, str]
) -> None:
    """An old worker that takes its time to end does not hide that its successor has died."""
    given = {**settings, "ESTEIO_HTTP__DRAIN_NOTICE": "60"}
    with service("serve", "--port", str(unused_port()), environment=given, manager=manager) as running:
        [old] = running.children()
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: manager.times("READY") == 2, 90)
        [new] = running.pids() - {old.pid}
        psutil.Process(new).kill()
        eventually(lambda: running.pids() - {old.pid, new}, 60)
        assert old.is_running()


CRASHES = """
import sys, time
from esteio.cli.fleet import Fleet
command = [sys.executable, "-c", "import sys, time; open(sys.argv[1], 'a').write(f'{time.monotonic()} '); sys.exit(1)"]
sys.exit(Fleet([[*command, sys.argv[1]]], patience=5).run())
"""


def test_a_crash_loop_backs_off(tmp_path: Path) -> None:
    """Workers that die at once are started after longer and longer pauses, so that they eat no machine."""
    moments = tmp_path / "moments"
    process = subprocess.Popen(
        [sys.executable, "-c", CRASHES, str(moments)], env=surroundings({}), stderr=subprocess.DEVNULL
    )
    try:
        eventually(lambda: moments.exists() and len(moments.read_text().split()) >= 5, 60)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    times = [float(word) for word in moments.read_text().split()][:5]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert [pause > least for pause, least in zip(pauses, (0.4, 0.8, 1.6, 3.2), strict=True)] == [True] * 4


ABSENT = """
import sys
from esteio.cli.fleet import Fleet
sys.exit(Fleet([[sys.argv[1]]], patience=5).run())
"""


def test_a_worker_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    """A machine that has no room for one more process just now, or no program yet, costs no place for ever."""
    program, begun = tmp_path / "program", tmp_path / "begun"
    with (tmp_path / "said").open("wb") as said:
        command = [sys.executable, "-u", "-c", ABSENT, str(program)]
        process = subprocess.Popen(command, env=surroundings({}), stdout=said, stderr=said)
    try:
        eventually(lambda: "worker not started" in (tmp_path / "said").read_text())
        (tmp_path / "new").write_text(f"#!/bin/sh\ntouch {begun}\nexec sleep 60\n")
        (tmp_path / "new").chmod(0o700)
        (tmp_path / "new").rename(program)
        eventually(begun.exists)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def test_a_unix_socket_for_a_proxy(settings: dict[str, str], tmp_path: Path, free_port: int) -> None:
    """It has the permissions that were asked for, a dead server's is replaced, a living one's is not, and it goes."""
    path = tmp_path / "api.sock"
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    given = {**settings, "ESTEIO_HTTP__TRUSTED_PROXIES": "unix"}
    with started(free_port, "--uds", str(path), "--uds-mode", "606", environment=given) as server:
        with over(path) as client:
            eventually(lambda: answers(client), 60)
            assert path.stat().st_mode & 0o777 == 0o606
        assert server.status("/livez") == 0, "no port is opened beside it"
        refused = run("serve", "--uds", str(path), environment=settings)
        assert (refused.code, refused.err) == (
            2,
            f"esteio: The Unix socket {path} cannot be used: another server listens there.\n",
        )
        server.signal(signal.SIGTERM)
        assert server.ended() == 0
    assert not path.exists()


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize("believed", [True, False])
def test_whom_the_peer_of_a_unix_socket_may_speak_for(
    settings: dict[str, str], tmp_path: Path, free_port: int, believed: bool
) -> None:
    """What a proxy on the Unix socket says of its callers is believed where `unix` is listed, and nowhere else."""
    path = tmp_path / "api.sock"
    given = {**settings, "ESTEIO_HTTP__TRUSTED_PROXIES": "unix" if believed else "10.0.0.0/8"}
    given["ESTEIO_TELEMETRY__LOG_FORMAT"] = "json"
    with started(free_port, "--uds", str(path), environment=given) as server, over(path) as client:
        eventually(lambda: answers(client), 60)
        client.get(
            "/api/v2/pets", headers={"X-Forwarded-For": "203.0.113.7", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
        )
        eventually(lambda: "/api/v2/pets" in server.text)
        assert ("a" * 32 in server.text) is believed


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--fd", "97"), "The descriptor 97 is no socket"),
        (("--fd", "0"), "The descriptor 0 is no socket"),
        (("--uds", "/dev/null"), "something else is there"),
        (("--uds", "/nowhere/at/all"), "cannot be used"),
        (("--uds", "/tmp/x", "--uds-mode", "999"), "is not a mode"),
    ],
)
def test_what_is_no_socket_is_refused(esteio: Callable[..., Run], words: tuple[str, ...], sentence: str) -> None:
    """Exit code 2 and a sentence, no traceback."""
    refused = esteio("serve", *words)
    assert refused.code == 2, refused.said
    assert sentence in refused.err
    assert "Traceback" not in refused.err


def test_a_refusal_to_start_is_no_silence_to_the_manager(manager: Manager, settings: dict[str, str]) -> None:
    """A service that refuses its settings ends with 2 at once, without having said that it is ready."""
    refused = run(
        "serve", environment={**settings, "ESTEIO_PETS__RESTORABLE_DAYS": "no", "NOTIFY_SOCKET": manager.address}
    )
    assert refused.code == 2
    assert manager.times("READY") == 0


def test_a_single_process_ends_in_peace_when_its_terminal_hangs_up(free_port: int, settings: dict[str, str]) -> None:
    """SIGHUP to a server without a parent lets requests end, as SIGTERM does: exit code 0."""
    with serving(free_port, environment=settings) as server:
        load = Load(server.url, leaves=True)
        with load.of(2):
            eventually(lambda: load.answered > 20)
            server.signal(signal.SIGHUP)
            assert server.ended() == 0, server.text
        assert [one for one in load.failures if "ConnectError" not in one] == []
