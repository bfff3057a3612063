"""`esteio serve --workers 2`: workers that die are replaced, renewed without a gap, and never outlive their parent."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.cli.command import SOON, Server, all_gone, half_sent, started
from tests.cli.load import Load
from tests.house import eventually, sql, unused_port


@contextmanager
def two_workers(port: int, settings: dict[str, str], notice: str) -> Iterator[Server]:
    given = {**settings, "ESTEIO_HTTP__DRAIN_NOTICE": notice}
    with started(port, "--workers", "2", environment=given) as server:
        eventually(lambda: server.text.count("Application startup complete") == 2, 60)
        yield server


@pytest.fixture(scope="module")
def lasting(settings: dict[str, str]) -> Iterator[Server]:
    """A fleet that outlives what the tests do to its workers."""
    with two_workers(unused_port(), settings, "0") as server:
        yield server


@pytest.fixture
def fleet(free_port: int, settings: dict[str, str]) -> Iterator[Server]:
    """A fleet that a test may end."""
    with two_workers(free_port, settings, "1") as server:
        yield server


def test_a_killed_worker_is_replaced(lasting: Server) -> None:
    """After `kill -9` of a worker only what it was just doing fails; another takes its place, the rest is served."""
    load = Load(lasting.url)
    victim = lasting.workers()[0]
    with load.of(4):
        eventually(lambda: load.answered > 40)
        victim.kill()
        eventually(lambda: len(lasting.workers()) == 2 and victim.pid not in pids(lasting))
        answered = load.answered
        eventually(lambda: load.answered > answered + 40)
    assert len(load.failures) <= 4, "each caller had one request in flight at most"
    assert "worker died" in lasting.text


def pids(server: Server) -> set[int]:
    return {worker.pid for worker in server.workers()}


def test_sighup_renews_all_workers_and_drops_nothing(lasting: Server) -> None:
    """R7: on SIGHUP under load each worker is replaced by a new one, and not one request fails."""
    before = pids(lasting)
    load = Load(lasting.url)
    with load.of(6):
        eventually(lambda: load.answered > 60)
        lasting.signal(signal.SIGHUP)
        eventually(lambda: len(pids(lasting)) == 2 and not pids(lasting) & before, 120)
        answered = load.answered
        eventually(lambda: load.answered > answered + 40)
    assert load.failures == []
    assert lasting.status() == 200


def test_sigterm_under_load_drops_nothing(fleet: Server) -> None:
    """R7 with several workers: callers are told to leave, each of their requests is answered, the exit code is 0."""
    workers = fleet.workers()
    load = Load(fleet.url, leaves=True)
    with load.of(6):
        eventually(lambda: load.answered > 60)
        fleet.signal(signal.SIGTERM)
        assert fleet.ended() == 0, fleet.text
    assert load.failures == []
    assert load.told_to_close == 6
    assert all_gone(workers, SOON)


def test_who_comes_too_late_is_refused(fleet: Server) -> None:
    """Once the workers accept nobody, no connection is taken to wait for nobody: a proxy asks another server then."""
    body = b'{"name": "Late", "species": "dog"}'
    with half_sent(fleet, body) as line:
        fleet.signal(signal.SIGTERM)
        eventually(lambda: refuses(fleet.port))
        assert fleet.process.poll() is None
        line.sendall(body[10:])
        assert line.recv(65536).startswith(b"HTTP/1.1 201 ")
    assert fleet.ended() == 0


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 10).close()
    except ConnectionRefusedError:
        return True
    return False


def test_workers_end_with_their_parent(fleet: Server) -> None:
    """After `kill -9` of the parent its workers notice and end by themselves."""
    workers = fleet.workers()
    fleet.signal(signal.SIGKILL)
    fleet.ended()
    assert all_gone(workers)


def test_sigterm_in_the_middle_of_a_renewal_leaves_no_process(fleet: Server) -> None:
    """A worker that was just being started is ended with the others."""
    family = psutil.Process(fleet.process.pid)
    before = pids(fleet)
    fleet.signal(signal.SIGHUP)
    eventually(lambda: len(family.children()) > 2 or not pids(fleet) & before)
    everybody = family.children(recursive=True)
    fleet.signal(signal.SIGTERM)
    assert fleet.ended() == 0
    assert all_gone(everybody, SOON)


def test_a_worker_that_cannot_renew_leaves_the_old_ones_at_work(lasting: Server, settings: dict[str, str]) -> None:
    """A renewal whose new worker refuses to start ends there: the old workers go on answering."""
    before = pids(lasting)
    sql(settings["ESTEIO_DATABASE__URL"], "CREATE TABLE loose (id int, tenant_id uuid)")
    try:
        lasting.signal(signal.SIGHUP)
        eventually(lambda: "renewal stopped" in lasting.text)
        assert pids(lasting) == before
        assert lasting.status() == 200
    finally:
        sql(settings["ESTEIO_DATABASE__URL"], "DROP TABLE loose")
