"""The whole house on Redis as it is past one machine: limits, realtime and jobs, and the loss of a primary."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from esteio.base.errors import StartRefused
from esteio.catalog import SHIPPED
from esteio.jobs.broker import broker_address
from esteio.redis.errors import RedisUnavailable
from tests.conftest import House
from tests.faults.trial import TRIAL
from tests.house import Served, environment, eventually
from tests.realtime.client import socket
from tests.redis.topologies import clustered, watched
from tests.worker.processes import scheduler, worker

PETS = "/api/v2/pets"
CLOSED = "/api/v2/trial/strict"
LIMIT = "6/minute"


@contextmanager
def deployment(kind: str, house: House, database: str, broker: str) -> Iterator[tuple[list[Served], object]]:
    """Two API processes' houses, a worker and a scheduler, all on one Redis of this kind; and that Redis."""
    with clustered() if kind == "cluster" else watched() as servers:
        carried = {"JOBS__BROKER_URL": broker, "JOBS__CARRIED": "3"} if kind == "cluster" else {"JOBS__CARRIED": "3"}
        terms = {"REDIS__DEADLINE": "1", **carried}
        given = environment(database, servers.url, **terms)
        reached = {"database_url": database, "redis_url": servers.url, **terms}
        with (
            house(**reached) as first,
            house(**reached) as second,
            worker(given, queues="io", services=None),
            scheduler(given, services=None),
        ):
            yield [first, second], servers


@pytest.mark.parametrize("kind", ["sentinel", "cluster"])
def test_limits_are_exact_over_processes(kind: str, house: House, new_database: Callable[[], str]) -> None:
    """R14: two processes admit together what the policy says, whatever kind of Redis they count in."""
    with clustered() if kind == "cluster" else watched() as servers:
        reached = {"database_url": new_database(), "redis_url": servers.url, "REDIS__DEADLINE": "2"}
        with house(**reached, LIMITS__DEFAULT=LIMIT) as first, house(**reached, LIMITS__DEFAULT=LIMIT) as second:
            statuses = [one.client.get(PETS).status_code for _ in range(5) for one in (first, second)]
            assert sorted(statuses) == [200] * 6 + [429] * 4


@pytest.mark.parametrize("kind", ["sentinel", "cluster"])
def test_jobs_and_news_outlive_a_primary(
    kind: str, house: House, new_database: Callable[[], str], new_redis: Callable[[], str]
) -> None:
    """Jobs run and sockets are told before and after the loss of a primary; nothing is started anew."""
    with deployment(kind, house, new_database(), new_redis()) as (houses, servers):
        first, second = houses
        told_and_done(first, second)
        lost = servers.primary if kind == "sentinel" else servers.nodes[0]
        lost.kill()
        successor = servers.servers[1] if kind == "sentinel" else servers.nodes[3]
        eventually(lambda: successor.is_primary, 60)
        eventually(lambda: all(map(served_by_redis, houses)), 60)
        told_and_done(first, second)


def test_a_cluster_that_has_lost_a_part(house: House, new_database: Callable[[], str]) -> None:
    """While a part of a Cluster is gone requests under limits that fail open are served, and those that fail closed
    are 503 with Retry-After; nothing is a 500."""
    with clustered() as servers:
        reached = {"database_url": new_database(), "redis_url": servers.url, "REDIS__DEADLINE": "2"}
        with house(services=(*SHIPPED, TRIAL), **reached) as served:
            assert served.pet()["name"] == "Rex"
            assert served.anonymous.get(CLOSED).status_code == 200
            left = [servers.nodes[number] for number in (1, 2, 4, 5)]
            servers.nodes[0].kill()
            servers.nodes[3].kill()
            eventually(lambda: all(b"cluster_state:fail" in one.ask("CLUSTER", "INFO") for one in left), 60)
            served.with_key(served.key("pets:write")).get(PETS)
            eventually(lambda: served.anonymous.get(CLOSED).status_code == 503)
            assert int(served.anonymous.get(CLOSED).headers["retry-after"]) >= 1
            for number in range(5):
                with served.with_key(served.key("pets:write")) as client:
                    answers = [client.get(PETS), client.post(PETS, json={"name": f"N{number}", "species": "dog"})]
                assert [answer.status_code for answer in answers] == [200, 201]
                assert any("approximate" in words for words in answers[0].json()["warnings"])


def served_by_redis(house: Served) -> bool:
    """Whether Redis answers the process; the first question after a loss finds it out."""
    try:
        return bool(house.run(lambda: house.app.resources.redis.execute("SET", "there", "yes")))
    except RedisUnavailable:
        return False


def told_and_done(first: Served, second: Served) -> None:
    """A pet that is registered at one process is told at the other, and an export of the pets is made."""
    with socket(second.url) as heard:
        heard.subscribe("pets")
        pet = first.pet()
        [news] = heard.events(1)
        assert pet["id"] in str(news)
    accepted = first.client.post("/api/v2/pets/export", json={"format": "csv"})
    assert accepted.status_code == 202, accepted.text
    task = accepted.headers["location"]
    eventually(lambda: second.client.get(task).json()["data"]["state"] == "succeeded", 60)


def test_a_cluster_does_not_carry_jobs() -> None:
    """Who sets a Cluster and no broker is told at the start what to set."""
    with pytest.raises(StartRefused, match="ESTEIO_JOBS__BROKER_URL"):
        broker_address("redis+cluster://127.0.0.1:7000")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis+sentinel://127.0.0.1:26379", "name of the service"),
        ("redis+sentinel://127.0.0.1:x/esteio", "host:port"),
        ("redis+cluster://127.0.0.1:7000/3", "database 0 alone"),
        ("redis+cluster://", "host:port"),
        ("http://127.0.0.1", "it begins with"),
    ],
)
def test_an_address_that_is_none_is_refused_at_the_start(house: House, url: str, words: str) -> None:
    """The refusal names the variable and what is wrong with it."""
    with pytest.raises(StartRefused, match=words) as refused, house(redis_url=url):
        pass
    assert "ESTEIO_REDIS__URL" in str(refused.value)
