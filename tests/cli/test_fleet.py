"""`esteio serve --workers 2`: workers that die are replaced, renewed without a gap, and never outlive their parent."""

import signal
from collections.abc import Iterator

import psutil
import pytest

from tests.cli.command import Server, all_gone, started
from tests.cli.load import Load
from tests.house import eventually, sql


@pytest.fixture
def fleet(free_port: int, settings: dict[str, str]) -> Iterator[Server]:
    with started(free_port, "--workers", "2", environment=settings) as server:
        eventually(lambda: server.text.count("Application startup complete") == 2, 30)
        yield server


def test_a_killed_worker_is_replaced(fleet: Server) -> None:
    """After `kill -9` of a worker only what it was just doing fails; another takes its place, the rest is served."""
    load = Load(fleet.url)
    victim = fleet.workers()[0]
    with load.of(4):
        eventually(lambda: load.answered > 40, 20)
        victim.kill()
        eventually(lambda: len(fleet.workers()) == 2 and victim.pid not in pids(fleet), 10)
        answered = load.answered
        eventually(lambda: load.answered > answered + 40, 20)
    assert len(load.failures) <= 4, "each caller had one request in flight at most"
    assert "worker died" in fleet.text


def pids(server: Server) -> set[int]:
    return {worker.pid for worker in server.workers()}


def test_sighup_renews_all_workers_and_drops_nothing(fleet: Server) -> None:
    """R7: on SIGHUP under load each worker is replaced by a new one, and not one request fails."""
    before = pids(fleet)
    load = Load(fleet.url)
    with load.of(6):
        eventually(lambda: load.answered > 60, 20)
        fleet.signal(signal.SIGHUP)
        eventually(lambda: len(pids(fleet)) == 2 and not pids(fleet) & before, 30)
        answered = load.answered
        eventually(lambda: load.answered > answered + 40, 20)
    assert load.failures == []
    assert fleet.status() == 200


def test_sigterm_under_load_drops_nothing(free_port: int, settings: dict[str, str]) -> None:
    """R7 with several workers: callers are told to leave, each of their requests is answered, the exit code is 0."""
    given = {**settings, "ESTEIO_HTTP__DRAIN_NOTICE": "1"}
    with started(free_port, "--workers", "2", environment=given) as server:
        eventually(lambda: server.text.count("Application startup complete") == 2, 30)
        workers = server.workers()
        load = Load(server.url, leaves=True)
        with load.of(6):
            eventually(lambda: load.answered > 60, 20)
            server.signal(signal.SIGTERM)
            assert server.ended() == 0, server.text
        assert load.failures == []
        assert load.told_to_close == 6
        assert all_gone(workers, 1)


def test_workers_end_with_their_parent(fleet: Server) -> None:
    """After `kill -9` of the parent its workers notice and end by themselves."""
    workers = fleet.workers()
    fleet.signal(signal.SIGKILL)
    fleet.ended()
    assert all_gone(workers, 15)


def test_sigterm_in_the_middle_of_a_renewal_leaves_no_process(fleet: Server) -> None:
    """A worker that was just being started is ended with the others."""
    family = psutil.Process(fleet.process.pid)
    before = pids(fleet)
    fleet.signal(signal.SIGHUP)
    eventually(lambda: len(family.children()) > 2 or not pids(fleet) & before, 10)
    everybody = family.children(recursive=True)
    fleet.signal(signal.SIGTERM)
    assert fleet.ended() == 0
    assert all_gone(everybody, 1)


def test_a_worker_that_cannot_renew_leaves_the_old_ones_at_work(fleet: Server, settings: dict[str, str]) -> None:
    """A renewal whose new worker refuses to start ends there: the old workers go on answering."""
    before = pids(fleet)
    sql(settings["ESTEIO_DATABASE__URL"], "CREATE TABLE loose (id int, tenant_id uuid)")
    try:
        fleet.signal(signal.SIGHUP)
        eventually(lambda: "renewal stopped" in fleet.text, 20)
        assert pids(fleet) == before
        assert fleet.status() == 200
    finally:
        sql(settings["ESTEIO_DATABASE__URL"], "DROP TABLE loose")
