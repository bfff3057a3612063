"""The same on RabbitMQ, by changing the broker's address alone."""

import signal
from collections.abc import Iterator

import pytest

from tests.cli.command import SOON, all_gone
from tests.house import eventually, sql
from tests.worker.processes import OURS, all_ended, scheduler, worker, write_down
from tests.worker.rabbit import MAPPER, SERVER, Rabbit, rabbit
from tests.worker.services import COMPUTE, MARK, Number
from tests.worker.test_tools import inspect
from tests.worker.test_worker import begun, done

pytestmark = pytest.mark.skipif(not (SERVER and MAPPER), reason="no RabbitMQ on this machine")


@pytest.fixture(scope="module")
def server() -> Iterator[Rabbit]:
    """A RabbitMQ that serves this module."""
    with rabbit() as running:
        yield running


@pytest.fixture
def carried(deployment: dict[str, str], server: Rabbit) -> dict[str, str]:
    """A deployment whose ids travel through RabbitMQ."""
    return deployment | {"ESTEIO_JOBS__BROKER_URL": server.url, "ESTEIO_JOBS__CARRIED": "3"}


def test_jobs_travel_through_rabbitmq(carried: dict[str, str], database: str) -> None:
    """Jobs of both queues run once each, Celery's tools see the workers, and a stop ends them with 0."""
    with worker(carried) as running, scheduler(carried) as relay:
        jobs = write_down(carried, MARK, [Number(number=number) for number in range(200)])
        jobs += write_down(carried, COMPUTE, [Number(number=number) for number in range(200, 210)])
        eventually(all_ended(database, jobs), 60)
        assert done(database) == list(range(210))
        assert {int(node.rpartition("-")[2]) for node in inspect(carried, "ping")} == running.pids
        family = [*running.family(), *relay.family()]
        for one in (running, relay):
            one.signal(signal.SIGTERM)
        assert [one.ended(30) for one in (running, relay)] == [0, 0], running.text + relay.text
        assert all_gone(family, SOON)


def test_a_killed_worker_on_rabbitmq(carried: dict[str, str], database: str) -> None:
    """What a killed process had taken off RabbitMQ runs again, each effect once."""
    brief = carried | {"ESTEIO_JOBS__LEASE": "2"}
    with worker(brief, queues="io") as running, scheduler(brief):
        jobs = write_down(brief, MARK, [Number(number=number, seconds=0.3) for number in range(60)])
        eventually(lambda: begun(database) > 10)
        running.kill()
        eventually(all_ended(database, jobs), 60)
    assert done(database) == list(range(60))
    assert sql(database, f"SELECT count(*) FROM job_tickets WHERE {OURS}")[0][0] == 0


def test_a_silent_rabbitmq(carried: dict[str, str], database: str, server: Rabbit) -> None:
    """R5: what is accepted while it says nothing runs once it speaks again; who is told to end meanwhile ends."""
    given = carried | {"ESTEIO_JOBS__LEASE": "300", "ESTEIO_JOBS__DRAIN": "2"}
    with worker(given, queues="io") as running, scheduler(given) as relay:
        first = write_down(given, MARK, [Number(number=1, seconds=15)])
        eventually(lambda: begun(database) == 1)
        server.freeze()
        try:
            later = write_down(given, MARK, [Number(number=number) for number in range(2, 6)])
            eventually(all_ended(database, first), 60)
            assert relay.said("relay.broker_away")
        finally:
            server.thaw()
        eventually(all_ended(database, later), 60)
        assert done(database) == [1, 2, 3, 4, 5]
        server.freeze()
        try:
            for one in (running, relay):
                one.signal(signal.SIGTERM)
            assert [one.ended(30) for one in (running, relay)] == [0, 0], running.text + relay.text
        finally:
            server.thaw()
