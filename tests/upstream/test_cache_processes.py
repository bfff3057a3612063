"""What is kept of a party's answers, as several processes see it."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest
import redis

from tests.house import eventually
from tests.upstream.callers import Caller, callers
from tests.upstream.receiver import Receiver

Two = list[Caller]


@pytest.fixture
def two(receiver: Receiver, redis_url: str) -> Iterator[Two]:
    """Two processes that call the receiver."""
    with callers(2, receiver.url(""), redis_url, tries=1, failures=1000) as started:
        yield started


def both(two: Two, **how: object) -> Counter[str]:
    """What both answer when they are asked at once."""
    asked = [(one, one.tell("get", **how)) for one in two]
    return sum((Counter(one.heard(number)) for one, number in asked), Counter())


def test_a_thousand_cold_misses(two: Two, receiver: Receiver) -> None:
    """1 000 callers at once over two processes, with nothing kept, make one call."""
    asked = [(one, one.tell("get", name="ok", path="/held", times=500)) for one in two]
    eventually(lambda: receiver.requests)
    receiver.gate.set()
    found = sum((Counter(one.heard(number)) for one, number in asked), Counter())
    assert sum(found.values()) == 1000
    assert {text.partition(" ")[2] for text in found} == {"so be it"}
    assert len(receiver.requests) == 1
    assert both(two, name="ok", path="/ok") == {"HIT so be it": 2}


def test_one_refresh_over_all(two: Two, receiver: Receiver) -> None:
    """A stale value is answered by both processes while one of them fetches it."""
    both(two, name="ok", path="/ok")
    sent = len(receiver.requests)
    for one in two:
        one.ask("turn", seconds=300)
    assert both(two, name="ok", path="/held", times=50) == {"STALE so be it": 100}
    eventually(lambda: receiver.to("/held"))
    assert both(two, name="ok", path="/held", times=50) == {"STALE so be it": 100}
    receiver.gate.set()
    eventually(lambda: both(two, name="ok", path="/held") == {"HIT so be it": 2})
    assert len(receiver.requests) == sent + 1


def test_the_winner_is_killed(two: Two, receiver: Receiver) -> None:
    """Those who wait for a process that dies go on by themselves, a second and a half later at most."""
    winner, other = two
    winner.tell("get", name="ok", path="/held")
    eventually(lambda: receiver.to("/held"))
    waiting = other.tell("get", name="ok", path="/ok", times=100)
    winner.kill()
    killed = time.monotonic()
    assert other.heard(waiting) == {"MISS so be it": 100}
    assert time.monotonic() - killed < 3 * 1.5
    assert len(receiver.to("/ok")) == 1


def test_a_slow_fetch_keeps_its_claim(two: Two, receiver: Receiver, redis_url: str) -> None:
    """However long a fetch takes, its process keeps the others from fetching too."""
    with redis.Redis.from_url(redis_url) as client:
        leading = two[0].tell("get", name="ok", path="/held")
        (claim,) = eventually(lambda: client.keys("*claim*"))
        lives = [client.pttl(claim)]

        def renewed() -> bool:
            lives.append(client.pttl(claim))
            return lives[-1] > lives[-2]

        for _ in range(3):
            eventually(renewed)
        assert min(lives) > 0
        waiting = two[1].tell("get", name="ok", path="/ok")
        receiver.gate.set()
        assert two[0].heard(leading) == {"MISS so be it": 1}
        # Who comes when it has just been laid down finds it there.
        assert two[1].heard(waiting) in ({"MISS so be it": 1}, {"HIT so be it": 1})
    assert len(receiver.requests) == 1


def test_a_failure_is_shared_by_those_who_wait(two: Two, receiver: Receiver) -> None:
    """Those who wait for another process's fetch get its failure, and do not each fetch in turn."""
    winner, other = two
    leading = winner.tell("get", name="ok", path="/held-500", times=20)
    eventually(lambda: receiver.to("/held-500"))
    waiting = other.tell("get", name="ok", path="/ok", times=20)
    other.ask("get", name="other", path="/ok")
    receiver.gate.set()
    assert winner.heard(leading) == {"503": 20}
    assert other.heard(waiting) == {"503": 20}
    assert len(receiver.requests) == 2


def test_a_flush_in_the_middle(two: Two, receiver: Receiver, redis_url: str) -> None:
    """Redis losing everything while a value is fetched fails nobody; each process fetches once at most."""
    asked = [(one, one.tell("get", name="ok", path="/held", times=100)) for one in two]
    eventually(lambda: receiver.requests)
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    receiver.gate.set()
    found = sum((Counter(one.heard(number)) for one, number in asked), Counter())
    assert {text.partition(" ")[2] for text in found} == {"so be it"}
    assert 1 <= len(receiver.requests) <= 2
