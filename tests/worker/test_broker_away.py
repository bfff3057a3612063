"""R5, R6 for the broker: away at the start, refused, reset, silent, emptied; what was accepted runs afterwards."""

import signal
import time
from collections.abc import Callable, Iterator

import pytest
import redis

from esteio.embedded.engines import Engines
from tests.cli.command import SOON, all_gone
from tests.faults.conftest import valkey_socket
from tests.faults.proxy import Mode, Proxy, proxied
from tests.house import eventually
from tests.worker.processes import all_ended, outcomes, scheduler, worker, write_down
from tests.worker.services import MARK, Number
from tests.worker.test_worker import begun, done

RECOVERED = 10.0
BUSY = 20.0
"""Seconds that a machine with other work may take beyond what is promised."""


@pytest.fixture
def broker(engines: Engines) -> Iterator[Proxy]:
    """The network between the processes and their broker alone."""
    with proxied(valkey_socket(engines)) as proxy:
        yield proxy


@pytest.fixture
def networked(deployment: dict[str, str], broker: Proxy) -> dict[str, str]:
    """A deployment whose broker, and nothing else of it, lies behind that network; with leases that last."""
    number = deployment["ESTEIO_REDIS__URL"].rpartition("=")[2]
    url = f"redis://127.0.0.1:{broker.port}/{number}"
    return deployment | {"ESTEIO_JOBS__BROKER_URL": url, "ESTEIO_JOBS__LEASE": "300", "ESTEIO_JOBS__CARRIED": "2"}


def test_away_at_the_start(networked: dict[str, str], database: str, broker: Proxy) -> None:
    """Worker and scheduler start without their broker, wait for it, and work soon after it is there."""
    broker.set("refuse")
    with worker(networked, queues="io", ready=False) as running, scheduler(networked) as relay:
        jobs = write_down(networked, MARK, [Number(number=number) for number in range(5)])
        eventually(lambda: running.said("worker.broker_away", 3) and relay.said("relay.broker_away"))
        assert outcomes(database, jobs) == [None] * 5
        broker.set("pass")
        eventually(all_ended(database, jobs), RECOVERED + BUSY)
        assert done(database) == list(range(5))
        assert len(running.pids) == 1
        assert not running.said("worker died")


@pytest.mark.parametrize(("mode", "seconds"), [("refuse", 4), ("reset", 4), ("silent", 3), ("silent", 15)])
def test_away_for_a_while(mode: Mode, seconds: int, networked: dict[str, str], database: str, broker: Proxy) -> None:
    """Jobs that ran go on, what is accepted meanwhile runs once the broker is back, each once, by the same process."""
    with worker(networked, queues="io") as running, scheduler(networked):
        before = running.pids
        first = write_down(networked, MARK, [Number(number=number, seconds=seconds) for number in range(5)])
        eventually(lambda: begun(database) == 5)
        broker.set(mode)
        later = write_down(networked, MARK, [Number(number=number) for number in range(5, 10)])
        eventually(all_ended(database, first))
        if mode != "reset":
            assert outcomes(database, later) == [None] * 5
        broker.set("pass")
        eventually(all_ended(database, later), RECOVERED + BUSY)
        assert done(database) == list(range(10))
        assert running.pids == before
        assert [line for line in running.lines() if "exception" in line] == []


@pytest.mark.parametrize("mode", ["refuse", "silent"])
def test_a_stop_is_heeded_without_the_broker(mode: Mode, networked: dict[str, str], broker: Proxy) -> None:
    """R7: worker and scheduler end within 30 s with 0, whatever the broker does; the worker's jobs are handed back."""
    brief = networked | {"ESTEIO_JOBS__DRAIN": "2"}
    with worker(brief, queues="io") as running, scheduler(brief) as relay:
        broker.set(mode)
        write_down(networked, MARK, [Number()])
        family = [*running.family(), *relay.family()]
        began = time.monotonic()
        for one in (running, relay):
            one.signal(signal.SIGTERM)
        assert [one.ended() for one in (running, relay)] == [0, 0], running.text + relay.text
        assert time.monotonic() - began < 30
        assert all_gone(family, SOON)


def test_an_emptied_broker(deployment: dict[str, str], database: str) -> None:
    """Everything in Valkey is lost while thousands wait: every job runs, each once."""
    given = deployment | {"ESTEIO_JOBS__CARRIED": "2", "ESTEIO_JOBS__IO_SLOTS": "8"}
    with worker(given, queues="io") as running, scheduler(given):
        jobs = write_down(given, MARK, [Number(number=number, seconds=0.02) for number in range(400)])
        with redis.Redis.from_url(given["ESTEIO_REDIS__URL"]) as client:
            for share in (50, 150, 250):
                eventually(lambda least=share: begun(database) > least)
                client.flushdb()
        eventually(all_ended(database, jobs), 60)
        assert done(database) == list(range(400))
        assert not running.said("worker died")


def test_other_databases_of_one_server_are_apart(
    deployment: dict[str, str], database: str, new_redis: Callable[[], str]
) -> None:
    """The number in a `unix://` address is heeded: who listens to another database of the server hears nothing."""
    deployment = deployment | {"ESTEIO_JOBS__CARRIED": "2"}
    other = deployment | {"ESTEIO_JOBS__BROKER_URL": new_redis()}
    with worker(other, queues="io"):
        with scheduler(deployment):
            jobs = write_down(deployment, MARK, [Number()])
            with redis.Redis.from_url(deployment["ESTEIO_REDIS__URL"]) as client:
                eventually(lambda: client.llen("esteio-broker:io") == 1)
            assert outcomes(database, jobs) == [None]
        # Both at once would take turns in carrying it, by chance.
        with scheduler(other):
            eventually(all_ended(database, jobs), 60)
