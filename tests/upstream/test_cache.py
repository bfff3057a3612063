"""What is kept of a party's answers, as one process sees it."""

import asyncio
import time
from collections.abc import Callable

import pytest
import redis

from esteio.base.errors import Unavailable
from esteio.db.openness import in_transaction
from esteio.jobs.context import JobContext
from esteio.telemetry.context import current
from esteio.upstream.cache import Keeping, Kept
from esteio.upstream.client import UpstreamUnavailable
from esteio.upstream.entry import Entry, unpacked
from esteio.upstream.kept import judged
from tests.redis.valkey_process import ValkeyProcess, comes_true
from tests.upstream.parties import KEEPING, shop
from tests.upstream.receiver import Receiver

pytestmark = pytest.mark.anyio
BODY = b"so be it"


class TestTimes:
    async def test_fresh_stale_gone(self, receiver: Receiver, redis_url: str) -> None:
        """A value is a HIT while fresh, STALE and fetched anew while good, and fetched for its caller after that."""
        async with shop(receiver.url(""), redis_url) as it:
            first = await it.get()
            began = it.clock.timestamp()
            assert first == Kept(BODY, "MISS", began)
            it.clock.turn(299)
            assert await it.get() == Kept(BODY, "HIT", began)
            it.clock.turn(1)
            assert (await it.get()).state == "STALE"
            await comes_true(lambda: len(receiver.requests) == 2)
            kept = await it.fresh()
            assert kept == Kept(BODY, "HIT", began + 300)
            it.clock.turn(3900)
            assert await it.get() == Kept(BODY, "MISS", began + 300 + 3900)
        assert len(receiver.requests) == 3

    async def test_stale_is_answered_at_once_and_fetched_once(self, receiver: Receiver, redis_url: str) -> None:
        """Nobody waits for the fetch that makes a stale value fresh, and there is one of them for all."""
        async with shop(receiver.url(""), redis_url) as it:
            await it.get()
            it.clock.turn(300)
            found = await asyncio.gather(*(it.get(path="/held") for _ in range(50)))
            assert {kept.state for kept in found} == {"STALE"}
            await comes_true(lambda: bool(receiver.to("/held")))
            assert (await it.get(path="/held")).state == "STALE"
            receiver.gate.set()
            await it.fresh()
        assert len(receiver.to("/held")) == 1

    async def test_a_refresh_that_fails_leaves_what_there_is(self, receiver: Receiver, redis_url: str) -> None:
        """A stale value is answered as long as it is good; neither the party nor Redis is asked for each answer."""
        async with shop(receiver.url(""), redis_url, tries=1, failures=1000) as it:
            await it.get()
            it.clock.turn(300)
            await it.get(path="/status/500")
            await comes_true(lambda: bool(receiver.to("/status/500")))
            before = it.redis.round_trips
            for _ in range(30):
                assert (await it.get(path="/status/500")).state == "STALE"
            assert it.redis.round_trips - before < 45
            async with shop(receiver.url(""), redis_url, tries=1, failures=1000) as other:
                other.clock.turn(300)
                assert (await other.get(path="/status/500")).state == "STALE"
        assert len(receiver.to("/status/500")) == 1

    async def test_what_is_missing_is_known_for_a_while(self, receiver: Receiver, redis_url: str) -> None:
        """That there is none is kept shortly and never stale; what has vanished is missing from then on."""
        async with shop(receiver.url(""), redis_url) as it:
            states = [(await it.get(path="/status/404")).state for _ in range(3)]
            it.clock.turn(30)
            states.append((await it.get(path="/status/404")).state)
            assert states == ["MISS", "HIT", "HIT", "MISS"]
            it.clock.turn(30)
            await it.get()
            it.clock.turn(300)
            await it.get(path="/status/404")
            kept = await it.fresh()
            assert (kept.value, kept.state) == (None, "HIT")
        assert len(receiver.requests) == 4

    def test_freshness_is_scattered(self) -> None:
        """What is fetched together becomes stale at different instants, never later than was said."""
        keeping = Keeping(fresh=100, stale=50, missing=10, jitter=0.2)
        entries = [keeping.entry(b"", 1000.0) for _ in range(200)]
        instants = {entry.fresh_until for entry in entries}
        assert len(instants) > 100
        assert 1080 <= min(instants) <= 1085
        assert 1095 <= max(instants) <= 1100
        assert all(entry.good_until == entry.fresh_until + 50 for entry in entries)


class TestSingleFlight:
    async def test_one_fetch_for_all(self, receiver: Receiver, redis_url: str) -> None:
        """Those who come together wait for one fetch, without asking Redis; who comes next finds what it brought."""
        async with shop(receiver.url(""), redis_url) as it:
            waiting = [asyncio.create_task(it.get(path="/held"))]
            await comes_true(lambda: bool(receiver.requests))
            before = it.redis.round_trips
            waiting += [asyncio.create_task(it.get(path="/held")) for _ in range(200)]
            await asyncio.sleep(0)
            receiver.gate.set()
            assert it.redis.round_trips - before < 100
            assert {kept.state for kept in await asyncio.gather(*waiting)} == {"MISS"}
            assert (await it.get()).state == "HIT"
        assert len(receiver.requests) == 1

    async def test_a_caller_that_goes_takes_nothing_along(self, receiver: Receiver, redis_url: str) -> None:
        """The first caller hanging up ends neither the fetch nor the waiting of the others."""
        async with shop(receiver.url(""), redis_url) as it:
            first = asyncio.create_task(it.get(path="/held"))
            await comes_true(lambda: bool(receiver.requests))
            second = asyncio.create_task(it.get(path="/held"))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.wait([first])
            assert first.cancelled()
            receiver.gate.set()
            assert (await second).value == BODY
        assert len(receiver.requests) == 1

    async def test_all_callers_gone(self, receiver: Receiver, redis_url: str) -> None:
        """What nobody waits for any more is kept for the next."""
        async with shop(receiver.url(""), redis_url) as it:
            alone = asyncio.create_task(it.get(path="/held"))
            await comes_true(lambda: bool(receiver.requests))
            alone.cancel()
            await asyncio.wait([alone])
            receiver.gate.set()
            assert (await it.get()).value == BODY
        assert len(receiver.requests) == 1

    async def test_a_failure_is_shared(self, receiver: Receiver, redis_url: str) -> None:
        """Those who wait for a fetch that fails get its failure; none of them fetches again in turn."""
        async with shop(receiver.url(""), redis_url, tries=1, failures=1000) as it:
            receiver.statuses[:] = [500] * 100
            found = await asyncio.gather(*(it.get() for _ in range(100)), return_exceptions=True)
            assert {type(one) for one in found} == {UpstreamUnavailable}
            assert len(receiver.requests) == 1
            receiver.statuses.clear()
            assert (await it.get()).state == "MISS"

    async def test_errors_of_the_fetch_itself_are_raised(self, redis_url: str, receiver: Receiver) -> None:
        """Any other error of the fetch reaches its callers as it is, and nothing is left locked."""

        async def broken() -> bytes | None:
            raise KeyError("a mistake")

        async with shop(receiver.url(""), redis_url) as it:
            for _ in range(2):
                with pytest.raises(KeyError):
                    await it.upstreams.cache.get("shop", "ok", broken, KEEPING)
            assert (await it.get()).state == "MISS"

    async def test_a_fetch_belongs_to_no_request(self, receiver: Receiver, redis_url: str) -> None:
        """A fetch runs outside the request and transaction of the caller that happened to begin it."""
        seen = []

        async def fetch() -> bytes | None:
            seen.append((in_transaction(), current.get()))
            return b""

        async with shop(receiver.url(""), redis_url) as it:
            token = current.set(JobContext("request", "0" * 32, "", "", ""))
            try:
                await it.upstreams.cache.get("shop", "ok", fetch, KEEPING)
            finally:
                current.reset(token)
        assert seen == [(False, None)]


class TestAfter:
    async def test_waiters_come_first(self, receiver: Receiver, redis_url: str) -> None:
        """What follows a fetch runs once, with what was fetched, and nobody waits for it but the closing."""
        let_go, seen = asyncio.Event(), []

        async def after(kept: Kept) -> None:
            await let_go.wait()
            seen.append(kept.value)

        async with shop(receiver.url(""), redis_url) as it:
            await asyncio.gather(*(it.get(after=after) for _ in range(5)))
            await it.get(after=after)
            assert seen == []
            let_go.set()
        assert seen == [BODY]

    async def test_its_failure_is_nobodys(
        self, receiver: Receiver, redis_url: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It may fail without anybody being told but the log."""

        async def after(kept: Kept) -> None:
            raise RuntimeError("full of trouble")

        async with shop(receiver.url(""), redis_url) as it:
            assert (await it.get(after=after)).value == BODY
        assert "upstream.after_failed" in "".join(capsys.readouterr())

    async def test_a_database_that_is_away_is_one_line(
        self, receiver: Receiver, redis_url: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What cannot be written down for now costs a line of the log, not a stack, and few lines a second."""

        async def after(kept: Kept) -> None:
            raise Unavailable("the database is away")

        async with shop(receiver.url(""), redis_url) as it:
            for number in range(20):
                await it.get(str(number), after=after)
        written = "".join(capsys.readouterr())
        assert 1 <= written.count("upstream.after_failed") < 20
        assert "Traceback" not in written

    async def test_closing_waits_for_what_follows(self, receiver: Receiver, redis_url: str) -> None:
        """What is fetched while the process ends is still written down."""
        seen: list[object] = []

        async with shop(receiver.url(""), redis_url) as it:

            async def after(kept: Kept) -> None:
                for _ in range(50):
                    await it.redis.execute("PING")
                seen.append(kept.value)

            asking = asyncio.create_task(it.get(path="/held", after=after))
            await comes_true(lambda: bool(receiver.to("/held")))
            closing = asyncio.create_task(it.upstreams.close())
            receiver.gate.set()
            await closing
            assert seen == [BODY]
            assert (await asking).state == "MISS"

    async def test_closing_waits_within_a_bound(self, receiver: Receiver, redis_url: str) -> None:
        """Work that never ends is ended by closing."""
        ended = []

        async def after(kept: Kept) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(True)

        async with asyncio.timeout(30):
            async with shop(receiver.url(""), redis_url) as it:
                await it.get(after=after)
        assert ended == [True]


def test_what_comes_from_the_future_is_not_fresh() -> None:
    """After a clock was set back a value is fetched anew; that clocks differ a little changes nothing."""
    entry = KEEPING.entry(BODY, 1_000_000.0)
    assert judged(entry, entry.at - 30) == Kept(BODY, "HIT", entry.at)
    assert judged(entry, entry.at - 3600) == Kept(BODY, "STALE", entry.at)


class TestRedis:
    @pytest.mark.parametrize(
        "harm",
        [
            lambda client, name: client.set(name, b"not ours", keepttl=True),
            lambda client, name: client.set(name, b"", keepttl=True),
            lambda client, name: client.set(name, client.get(name)[:-1], keepttl=True),
            lambda client, name: client.setrange(name, 40, b"\x00\xff"),
            lambda client, name: (client.delete(name), client.lpush(name, "a list")),
            lambda client, name: client.flushdb(),
        ],
        ids=["foreign", "empty", "cut", "changed", "list", "flushed"],
    )
    async def test_whatever_lies_there(
        self, receiver: Receiver, redis_url: str, harm: Callable[[redis.Redis, bytes], object]
    ) -> None:
        """What is not a whole entry of ours is a miss, and replaced."""
        async with shop(receiver.url(""), redis_url) as it:
            await it.get()
            with redis.Redis.from_url(redis_url) as client:
                (name,) = client.keys("*value*")
                harm(client, name)
            assert [(await it.get()).state for _ in range(2)] == ["MISS", "HIT"]

    async def test_every_key_ends(self, receiver: Receiver, redis_url: str) -> None:
        """Nothing is left in Redis without an end, not even of what failed."""
        async with shop(receiver.url(""), redis_url, tries=1) as it:
            await it.get()
            await it.get("none", "/status/404")
            with pytest.raises(UpstreamUnavailable):
                await it.get("ill", "/status/500")
            await it.upstreams.close()
        with redis.Redis.from_url(redis_url) as client:
            lives = {name: client.pttl(name) for name in client.keys("*")}
        assert len(lives) >= 4
        assert all(0 < life <= 3_900_000 for life in lives.values())

    async def test_too_large_to_keep(self, receiver: Receiver, redis_url: str) -> None:
        """A value beyond the bound is answered and not kept."""
        big = b"x" * (8 * 1024 * 1024 + 1)

        async def fetch() -> bytes | None:
            return big

        async with shop(receiver.url(""), redis_url) as it:
            for _ in range(2):
                kept = await it.upstreams.cache.get("shop", "big", fetch, KEEPING)
                assert (len(kept.value or b""), kept.state) == (len(big), "MISS")

    async def test_stopped(self, receiver: Receiver, valkey: ValkeyProcess) -> None:
        """Without Redis each value is fetched once at a time; with its return it is kept again."""
        async with shop(receiver.url(""), valkey.url) as it:
            await it.get()
            valkey.crash()
            waiting = [asyncio.create_task(it.get(path="/held")) for _ in range(100)]
            await comes_true(lambda: bool(receiver.to("/held")))
            receiver.gate.set()
            assert {kept.state for kept in await asyncio.gather(*waiting)} == {"MISS"}
            assert len(receiver.to("/held")) == 1
            valkey.start()
            await comes_true(lambda: it.redis.available)
            assert [(await it.get()).state for _ in range(2)] == ["MISS", "HIT"]

    async def test_full(self, receiver: Receiver, valkey: ValkeyProcess) -> None:
        """A Redis that takes nothing more is as good as none, and holds nobody up."""
        valkey.ask("CONFIG", "SET", "maxmemory", "1")
        async with shop(receiver.url(""), valkey.url) as it:
            async with asyncio.timeout(5):
                assert [(await it.get()).state for _ in range(2)] == ["MISS", "MISS"]

    async def test_silent(self, receiver: Receiver, valkey: ValkeyProcess) -> None:
        """A Redis that falls silent costs one deadline, once."""
        async with shop(receiver.url(""), valkey.url, deadline=1.0) as it:
            await it.get()
            valkey.silence()
            began = time.monotonic()
            for _ in range(20):
                assert (await it.get()).state == "MISS"
            assert time.monotonic() - began < 3.0


def test_entries_come_back_as_they_were() -> None:
    """An entry is unpacked as it was packed; no value and an empty one differ."""
    for value in (b"", b"x" * 1000, None):
        entry = Entry(value, 1.5, 2.5, 3.5)
        assert unpacked(entry.packed()) == entry
