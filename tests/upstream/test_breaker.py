"""The breaker that all processes share, and what is left of it without Redis."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import redis

from esteio.upstream.client import Received
from tests.house import eventually
from tests.redis.valkey_process import ValkeyProcess, comes_true
from tests.upstream.callers import Caller, callers
from tests.upstream.parties import Shop, shop
from tests.upstream.receiver import Receiver

REST = 1.0
LOOK = 1.5
"""Turned further than a process goes by what it knows."""

Two = Callable[..., list[Caller]]


@pytest.fixture
def two(receiver: Receiver, redis_url: str) -> Iterator[Two]:
    """Two processes that call the receiver."""
    opened = []

    def start(**terms: object) -> list[Caller]:
        block = callers(2, receiver.url(""), redis_url, **{"failures": 5, "rest": REST, **terms})
        opened.append(block)
        return block.__enter__()

    yield start
    for block in opened:
        block.__exit__(None, None, None)


def rested(one: Caller) -> list[str]:
    """Calls again and again until the rest is over; what the first call that was let through brought."""

    def answer() -> list[str] | None:
        one.ask("turn", seconds=REST + LOOK)
        found: list[str] = one.ask("call")
        return None if found[0].startswith("after") else found

    found: list[str] = eventually(answer, every=0.1)
    return found


def keys(url: str) -> list[tuple[bytes, int]]:
    """All keys with their lives in milliseconds."""
    with redis.Redis.from_url(url) as client:
        return [(name, client.pttl(name)) for name in client.keys("*")]


class TestTwoProcesses:
    def test_failures_count_together(self, two: Two, receiver: Receiver, redis_url: str) -> None:
        """Three failures of one process and two of another open the breaker for both, and for whoever comes later."""
        one, other = two(rest=60.0)
        one.ask("call", path="/status/500", times=3)
        other.ask("call", path="/status/500", times=2)
        eventually(lambda: other.ask("call")[0].startswith("after"))
        sent = len(receiver.requests)
        one.ask("turn", seconds=LOOK)
        seconds = [int(text.removeprefix("after ")) for text in one.ask("call", times=50)]
        assert all(0 < wait <= 60 for wait in seconds)
        assert len(receiver.requests) == sent
        assert all(0 < life <= 600_000 for _, life in keys(redis_url))

    def test_a_success_anywhere_begins_the_count_anew(self, two: Two, receiver: Receiver) -> None:
        """Failures that another process's success has interrupted do not open it."""
        one, other = two()
        for _ in range(3):
            one.ask("call", path="/status/500", times=3)
            other.ask("turn", seconds=LOOK)
            assert other.ask("call") == ["200"]
            # What was told in the background has arrived once this one sees the row ended.
            one.ask("turn", seconds=LOOK)
            assert one.ask("call") == ["200"]
        assert len(receiver.requests) == 15

    def test_one_probe_over_all(self, two: Two, receiver: Receiver) -> None:
        """After the rest one call of all that come is sent; its answer opens the way for all."""
        one, other = two()
        one.ask("call", path="/status/500", times=5)
        other.ask("turn", seconds=LOOK)
        eventually(lambda: other.ask("call")[0].startswith("after"))

        def probe() -> bool:
            for process in (one, other):
                process.ask("turn", seconds=REST + LOOK)
            asked = [process.tell("call", path="/held", times=20, together=True) for process in (one, other)]
            pending.extend(zip((one, other), asked, strict=True))
            eventually(lambda: receiver.to("/held") or all(number in who._heard for who, number in pending))
            return bool(receiver.to("/held"))

        pending: list[tuple[Caller, int]] = []
        eventually(probe, every=0.1)
        receiver.gate.set()
        found = Counter(text for who, number in pending for text in who.heard(number))
        assert (found["200"], len(receiver.to("/held"))) == (1, 1)
        for process in (one, other):
            process.ask("turn", seconds=LOOK)
            assert process.ask("call", times=3) == ["200"] * 3

    def test_a_probe_that_fails_opens_it_anew(self, two: Two, receiver: Receiver) -> None:
        """A failed probe is followed by another rest, and by one more try only."""
        one, other = two(total=300.0)
        one.ask("call", path="/status/500", times=5)
        receiver.statuses[:] = [500]

        def probed() -> bool:
            other.ask("turn", seconds=REST + LOOK)
            other.ask("call")
            return len(receiver.requests) == 6

        eventually(probed, every=0.1)
        assert other.ask("call", times=10) == ["after 1"] * 10
        assert len(receiver.requests) == 6
        assert rested(one) == ["200"]

    def test_a_killed_prober_blocks_nobody(self, two: Two, receiver: Receiver) -> None:
        """When the process that probes is killed another one probes after a bounded time."""
        one, other = two(total=1.5)
        one.ask("call", path="/status/500", times=5)
        other.ask("turn", seconds=LOOK)
        eventually(lambda: other.ask("call")[0].startswith("after"))

        def probes() -> bool:
            one.ask("turn", seconds=REST + LOOK)
            number = one.tell("call", path="/held")
            return bool(eventually(lambda: receiver.to("/held") or number in one._heard) and receiver.to("/held"))

        eventually(probes, every=0.1)
        one.kill()
        other.ask("turn", seconds=REST + LOOK)
        assert other.ask("call")[0].startswith("after")
        assert rested(other) == ["200"]

    def test_a_flush_forgets_it(self, two: Two, receiver: Receiver, redis_url: str) -> None:
        """What Redis has lost is learnt anew: calls go through, and as many failures as ever open it again."""
        one, other = two(rest=60.0)
        one.ask("call", path="/status/500", times=5)
        other.ask("turn", seconds=LOOK)
        eventually(lambda: other.ask("call")[0].startswith("after"))
        with redis.Redis.from_url(redis_url) as client:
            client.flushdb()
        for process in (one, other):
            process.ask("turn", seconds=LOOK)
            assert process.ask("call") == ["200"]
        before = len(receiver.requests)
        other.ask("call", path="/status/500", times=10)
        assert len(receiver.requests) == before + 5


@pytest.mark.anyio
class TestOneProcess:
    async def test_health_costs_nothing(self, receiver: Receiver, redis_url: str) -> None:
        """While the party is well Redis is asked once a second, not once a call."""
        async with shop(receiver.url(""), redis_url) as it:
            await it.call()
            before = it.redis.round_trips
            for _ in range(50):
                await it.call()
            assert it.redis.round_trips == before
            it.clock.turn(LOOK)
            await it.call()
            await it.call()
            assert it.redis.round_trips == before + 1

    async def test_a_prober_that_goes_away(self, receiver: Receiver, redis_url: str) -> None:
        """A probe whose caller hangs up leaves its place to the next one."""
        async with shop(receiver.url(""), redis_url, failures=1, rest=0.2, total=300.0) as it:
            await it.refusal("/status/500", "POST")
            probing = await self.until_sent(it, receiver, "/hang")
            assert "rest" in str(await it.refusal())
            probing.cancel()
            await asyncio.wait([probing])
            assert (await (await self.until_sent(it, receiver, "/ok"))).status == 200

    async def until_sent(self, it: Shop, receiver: Receiver, path: str) -> asyncio.Task[Received]:
        """The call that was let through at last."""
        async with asyncio.timeout(30):
            while True:
                calling = asyncio.create_task(it.call(path))
                await comes_true(lambda ended=calling.done: bool(receiver.to(path)) or ended())
                if receiver.to(path):
                    return calling
                assert "rest" in str(calling.exception())
                it.clock.turn(LOOK)

    async def test_without_redis_each_goes_by_itself(self, receiver: Receiver) -> None:
        """Without Redis the same rules hold within a process: failures open, one probe, its answer closes."""
        async with shop(receiver.url(""), "unix:///nowhere/at/all", failures=3, rest=5.0) as it:
            for _ in range(3):
                await it.refusal("/status/500", "POST")
            assert (await it.refusal()).headers == {"Retry-After": "5"}
            it.clock.turn(5.0)
            held = asyncio.create_task(it.call("/held"))
            await comes_true(lambda: bool(receiver.to("/held")))
            found = await asyncio.gather(*(it.call() for _ in range(10)), return_exceptions=True)
            assert all(isinstance(one, Exception) for one in found)
            receiver.gate.set()
            assert (await held).status == 200
            assert (await it.call()).status == 200
        assert len(receiver.requests) == 5

    async def test_redis_goes_and_comes(self, receiver: Receiver, valkey: ValkeyProcess) -> None:
        """Losing Redis changes no answer of a party that is well, and what was open here stays open."""
        async with shop(receiver.url(""), valkey.url, failures=3, rest=5.0) as it:
            await it.call()
            for _ in range(3):
                await it.refusal("/status/500", "POST")
            valkey.crash()
            it.clock.turn(LOOK)
            assert "rest" in str(await it.refusal())
            it.clock.turn(5.0)
            assert (await it.call()).status == 200
            valkey.start()
            await comes_true(lambda: it.redis.available)
            it.clock.turn(LOOK)
            assert (await it.call()).status == 200

    @pytest.mark.parametrize("field", ["until", "lease"])
    async def test_a_clock_of_redis_that_was_set_back(self, receiver: Receiver, redis_url: str, field: str) -> None:
        """A rest, or a probe, of an hour that nobody has asked for is over: the party is asked at once."""
        async with shop(receiver.url(""), redis_url, failures=1, rest=5.0) as it:
            await it.refusal("/status/500", "POST")
            await comes_true(lambda: keys(redis_url) != [])
            with redis.Redis.from_url(redis_url) as client:
                seconds, _ = client.time()
                client.hset(keys(redis_url)[0][0], mapping={"until": 0, field: (seconds + 3600) * 1000})
            it.clock.turn(5.0 + LOOK)
            assert (await it.call()).status == 200
