"""Real processes that die while thousands of events are told: what a listener that comes back has heard."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest

from tests.cli.command import Server, started
from tests.house import environment, eventually, sql, unused_port
from tests.realtime.client import FACTS, TENANT
from tests.realtime.conftest import ROOM
from tests.realtime.follower import Follower
from tests.redis.valkey_process import ValkeyProcess
from tests.worker.processes import scheduler

EVENTS = 10_000
HALF = EVENTS // 2
BATCH = 100


@dataclass
class Deployment:
    """Two API processes that can be killed and come back, and two schedulers."""

    given: dict[str, str]
    database_url: str
    valkey: ValkeyProcess
    stack: ExitStack
    ports: list[int] = field(default_factory=lambda: [unused_port(), unused_port()])
    servers: list[Server] = field(default_factory=list)

    def begin(self) -> None:
        self.schedulers = [self.stack.enter_context(scheduler(self.given, services=None, ready=False)) for _ in "12"]
        self.servers = [self._serve(port) for port in self.ports]
        for each in self.schedulers:
            eventually(lambda each=each: each.said("scheduler.ready"), 60)
        for server in self.servers:
            eventually(server.ready, 60)

    def kill(self, which: int) -> None:
        """kill -9, and another one on the same port."""
        server = self.servers[which]
        server.process.kill()
        server.process.wait()
        self.servers[which] = self._serve(self.ports[which])

    def tell(self, first: int, last: int) -> None:
        sql(self.database_url, FACTS, TENANT, "pet.fed", "x", first, last, "{}")

    def _serve(self, port: int) -> Server:
        return self.stack.enter_context(started(port, environment=self.given))


@pytest.fixture
def deployment(new_database: Callable[[], str]) -> Iterator[Deployment]:
    url, valkey = new_database(), ValkeyProcess()
    valkey.start()
    try:
        with ExitStack() as stack:
            made = Deployment(
                environment(url, valkey.url, REALTIME__HISTORY_MESSAGES=str(EVENTS), **ROOM), url, valkey, stack
            )
            made.begin()
            yield made
    finally:
        valkey.discard()


@contextmanager
def following(deployment: Deployment) -> Iterator[list[Follower]]:
    """Two listeners, on both addresses in turn."""
    urls = [server.url for server in deployment.servers]
    followers = [Follower(urls), Follower(urls[::-1])]
    for follower in followers:
        follower.start()
    try:
        for follower in followers:
            assert follower.began.wait(60)
        yield followers
    finally:
        for follower in followers:
            follower.end()


def told(
    deployment: Deployment, followers: list[Follower], first: int, last: int, harm: dict[int, Callable[[], None]]
) -> None:
    """Tell the numbers in batches, doing harm where some are reached, a little faster than who is thrown out hears."""
    for number in range(first, last + 1, BATCH):
        deployment.tell(number, number + BATCH - 1)
        harm.get(number, lambda: None)()
        for follower in followers:
            follower.hears(number + BATCH - 1, within=0.3)


def test_nothing_is_missing_but_what_is_told_to_be(deployment: Deployment) -> None:
    """While API processes and a scheduler are killed and listeners come and go, they hear 1 to 5 000 without a hole and
    without a gap. While Valkey is killed too and comes back empty, what they hear is whole between the gaps they are
    told of, until all of 10 000 have been told.
    """
    with following(deployment) as followers:

        def everyone_leaves() -> None:
            for follower in followers:
                follower.leave()

        def valkey_dies() -> None:
            deployment.valkey.crash()
            deployment.valkey.start()

        calm = {
            501: everyone_leaves,
            1_001: lambda: deployment.kill(0),
            2_001: deployment.schedulers[0].kill,
            3_001: lambda: deployment.kill(1),
            4_001: everyone_leaves,
        }
        told(deployment, followers, 1, HALF, calm)
        for follower in followers:
            assert follower.hears(HALF, within=90)
            assert follower.heard.runs == [list(range(1, HALF + 1))]
            assert follower.heard.connections > 2
        storm = {
            HALF + 1_001: valkey_dies,
            HALF + 2_001: lambda: deployment.kill(1),
            HALF + 3_001: everyone_leaves,
            HALF + 4_001: valkey_dies,
        }
        told(deployment, followers, HALF + 1, EVENTS, storm)
        for number in range(EVENTS + 1, EVENTS + 200):  # who was told of a gap hears what comes after it
            deployment.tell(number, number)
            if all(follower.hears(number, within=0.3) for follower in followers):
                break
        for follower in followers:
            heard = follower.heard
            assert heard.last > EVENTS
            assert heard.wrong == []
            assert len(heard.runs) > 1
            for run in filter(None, heard.runs):
                assert run == list(range(run[0], run[0] + len(run)))
