"""Calls of a party over real connections: what counts as a failure, and how long anybody waits."""

import asyncio
import gc
import ssl
import time
import tracemalloc
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.database import Database
from esteio.db.transaction import transaction
from esteio.telemetry.metrics import exposition
from esteio.upstream.guard import UrlRefused
from esteio.upstream.settings import UpstreamSettings
from tests.house import patient
from tests.upstream.certificates import Authority
from tests.upstream.parties import never, shop
from tests.upstream.receiver import HUGE, Receiver, receiving

pytestmark = pytest.mark.anyio
ONCE = {"tries": 1, "failures": 1000}


class TestAnswers:
    async def test_a_call_and_what_is_sent(self, receiver: Receiver, redis_url: str) -> None:
        """Terms' headers and the call's own are sent, nothing compressed is asked for, and `read` makes the answer."""
        async with shop(receiver.url(""), redis_url, headers={"X-From": "terms"}) as it:
            answer = await it.call("/ok", "POST", headers={"X-More": "call"}, content=b"{}", params={"q": "a b"})
        assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"so be it", "8")
        (request,) = receiver.requests
        assert (request.path, request.body) == ("/ok?q=a+b", b"{}")
        sent = {name: request.headers[name] for name in ("x-from", "x-more", "accept-encoding", "user-agent")}
        assert sent == {"x-from": "terms", "x-more": "call", "accept-encoding": "identity", "user-agent": "esteio"}

    @pytest.mark.parametrize(
        ("path", "status"), [("/status/404", 404), ("/status/400", 400), ("/html/403", 403), ("/redirect/ok", 302)]
    )
    async def test_other_statuses_are_judged_by_read(
        self, receiver: Receiver, redis_url: str, path: str, status: int
    ) -> None:
        """4xx and 3xx are answers for `read`, and no failures of the party."""
        async with shop(receiver.url(""), redis_url, failures=1) as it:
            for _ in range(3):
                assert (await it.call(path)).status == status

    async def test_redirects_lead_nowhere(self, receiver: Receiver, redis_url: str) -> None:
        """A redirect to a private address is not followed."""
        with receiving() as inside:
            async with shop(receiver.url(""), redis_url) as it:
                answer = await it.call(("away", inside.url("/secret")))
        assert answer.status == 302
        assert inside.requests == []

    async def test_the_operators_host_may_be_private_and_no_other(self, receiver: Receiver, redis_url: str) -> None:
        """The party's host may lead to this machine, unless the operator refuses the network."""
        async with shop(f"http://localhost:{receiver.port}", redis_url) as it:
            assert (await it.call()).status == 200
        refusing = UpstreamSettings(refused_networks=("127.0.0.0/8",))
        async with shop(receiver.url(""), redis_url, settings=refusing) as it:
            assert "AddressRefused" in str(await it.refusal())
        assert len(receiver.requests) == 1

    async def test_nothing_of_the_environment(
        self, receiver: Receiver, redis_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Proxy variables lead nobody anywhere."""
        with receiving() as proxy:
            for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
                monkeypatch.setenv(name, proxy.url(""))
            async with shop(receiver.url(""), redis_url) as it:
                assert (await it.call()).status == 200
            assert proxy.requests == []

    async def test_connections_are_kept_and_cookies_are_not(self, receiver: Receiver, redis_url: str) -> None:
        """Calls in a row share a connection, and none is told of the others by a cookie."""
        async with shop(receiver.url(""), redis_url) as it:
            for _ in range(3):
                await it.call("/cookie")
        assert receiver.connections == 1
        assert not any("cookie" in request.headers for request in receiver.requests)

    async def test_tls_is_verified(self, receiver: Receiver, redis_url: str, tmp_path: Path) -> None:
        """An unknown authority's certificate is refused, one of the operator's own is taken."""
        authority = Authority(tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.certificate_for("localhost"))
        receiver.socket = context.wrap_socket(receiver.socket, server_side=True, do_handshake_on_connect=False)
        url = f"https://localhost:{receiver.port}"
        async with shop(url, redis_url, **ONCE) as it:
            assert "HandshakeFailed" in str(await it.refusal())
        async with shop(url, redis_url, settings=UpstreamSettings(ca_file=str(authority.file))) as it:
            assert (await it.call()).status == 200


class TestFailures:
    @pytest.mark.parametrize(
        ("path", "why"),
        [
            ("/status/500", "Failing"),
            ("/html/522", "Failing"),
            ("/status/429", "Failing"),
            ("/close", "Broken"),
            ("/garbage", "Broken"),
            ("/truncated", "Broken"),
            ("/huge", "TooLarge"),
            ("/endless", "TooLarge"),
            ("/bomb", "Encoded"),
        ],
    )
    async def test_each_kind_is_tried_again(self, receiver: Receiver, redis_url: str, path: str, why: str) -> None:
        """Each kind of failure is tried again, counted for the breaker, and in the end a 503 with Retry-After."""
        async with shop(receiver.url(""), redis_url, tries=2, failures=3) as it:
            error = await it.refusal(path)
            assert why in str(error)
            assert (error.status, error.headers) == (503, {"Retry-After": "1"})
            assert len(receiver.requests) == 2
            await it.refusal(path)
            assert (await it.refusal("/ok")).headers == {"Retry-After": "5"}
        assert len(receiver.requests) == 3

    async def test_unfit_answers_are_failures(self, receiver: Receiver, redis_url: str) -> None:
        """An answer that `read` calls unfit counts as the party's failure; any other error is the caller's own."""
        async with shop(receiver.url(""), redis_url, tries=2, failures=2) as it:
            with pytest.raises(ZeroDivisionError):
                await it.party.call("GET", "/ok", lambda _: 1 // 0)
            receiver.requests.clear()
            with pytest.raises(Exception, match="not what was asked for"):
                await it.party.call("GET", "/ok", never)
            assert len(receiver.requests) == 2
            assert "rest" in str(await it.refusal())

    async def test_nobody_listens(self, free_port: int, redis_url: str) -> None:
        """A party that is not there is unavailable; the words for the caller do not say where it is."""
        async with shop(f"http://127.0.0.1:{free_port}", redis_url) as it:
            error = await it.refusal()
        assert "Unreachable" in str(error)
        assert "127.0.0.1" not in error.detail

    async def test_a_second_try_helps(self, receiver: Receiver, redis_url: str) -> None:
        """One failure between answers is not seen by the caller."""
        receiver.statuses[:] = [503]
        async with shop(receiver.url(""), redis_url, tries=2) as it:
            assert (await it.call()).status == 200
        assert len(receiver.requests) == 2

    async def test_what_changes_something_is_sent_once(self, receiver: Receiver, redis_url: str) -> None:
        """POST is not repeated unless it is said that it may be, GET is unless it is said that it must not."""
        async with shop(receiver.url(""), redis_url, tries=3, failures=1000) as it:
            counts = []
            for method, again in (("POST", None), ("POST", True), ("GET", False), ("GET", None)):
                before = len(receiver.requests)
                await it.refusal("/status/500", method, again=again)
                counts.append(len(receiver.requests) - before)
        assert counts == [1, 3, 1, 3]

    async def test_retries_have_a_budget(self, receiver: Receiver, redis_url: str) -> None:
        """A party that fails on and on is asked little more often than it is called."""
        async with shop(receiver.url(""), redis_url, tries=2, failures=100_000) as it:
            await asyncio.gather(*(it.refusal("/status/500") for _ in range(100)))
        assert 105 <= len(receiver.requests) <= 100 + 10 + 20

    async def test_after_what_the_party_says(self, receiver: Receiver, redis_url: str) -> None:
        """A Retry-After that does not fit is not waited for but passed on, also as a date, up to an hour."""
        async with shop(receiver.url(""), redis_url, tries=3, failures=1000) as it:
            assert (await it.refusal("/status/429/30")).headers == {"Retry-After": "30"}
            assert (await it.refusal("/status/503/999999")).headers == {"Retry-After": "3600"}
            date = formatdate(it.clock.timestamp() + 77, usegmt=True)
            assert (await it.refusal(f"/status/503/{date}")).headers == {"Retry-After": "77"}
        assert len(receiver.requests) == 3

    async def test_a_short_retry_after_is_waited_for(self, receiver: Receiver, redis_url: str) -> None:
        """Within the total time the next try is not sent before the party wants it."""
        async with shop(receiver.url(""), redis_url, tries=2) as it:
            await it.refusal("/status/503/1")
        first, second = receiver.requests
        assert second.at - first.at >= 1.0


class TestBounds:
    @pytest.mark.parametrize("path", ["/hang", "/headers-drip", "/body-drips"])
    async def test_total(self, receiver: Receiver, redis_url: str, path: str) -> None:
        """All tries and waits together end with the total time, however slowly bytes drip."""
        async with shop(receiver.url(""), redis_url, read=0.3, total=0.9, tries=5, failures=1000) as it:
            began = time.monotonic()
            assert "TookTooLong" in str(await it.refusal(path))
            assert time.monotonic() - began < 3 * 0.9

    async def test_large_bodies_are_not_read(self, receiver: Receiver, redis_url: str) -> None:
        """Of a body that is too large no more is read than shows it, announced or not."""
        async with shop(receiver.url(""), redis_url, largest=100_000, **ONCE) as it:
            gc.collect()
            tracemalloc.start()
            try:
                for path in ("/huge", "/endless"):
                    await it.refusal(path)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
        assert receiver.sent < HUGE
        assert peak < 20_000_000

    async def test_as_large_as_may_be(self, receiver: Receiver, redis_url: str) -> None:
        """A body of exactly the largest size is taken."""
        async with shop(receiver.url(""), redis_url, largest=8, **ONCE) as it:
            assert (await it.call()).body == b"so be it"
        async with shop(receiver.url(""), redis_url, largest=7, **ONCE) as it:
            assert "TooLarge" in str(await it.refusal())

    async def test_a_caller_that_goes_away(self, receiver: Receiver, redis_url: str) -> None:
        """A cancelled call ends at once and is nobody's failure."""
        async with shop(receiver.url(""), redis_url, failures=1) as it:
            calling = asyncio.create_task(it.call("/hang"))
            while not receiver.requests:  # noqa: ASYNC110 - it comes in another thread
                await asyncio.sleep(0.01)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            assert (await it.call()).status == 200


class TestTransactions:
    @pytest.fixture
    def database_url(self, new_database: Callable[[], str]) -> str:
        return new_database()

    async def test_no_call_within_one(self, receiver: Receiver, redis_url: str, database_url: str) -> None:
        """Within a transaction of the house no party is called nor its cache asked; before and after it is."""
        database = Database(patient(database_url))
        await database.open()
        try:
            async with shop(receiver.url(""), redis_url) as it:
                await it.call()
                async with transaction(database, DEFAULT_TENANT):
                    with pytest.raises(RuntimeError, match="within a transaction"):
                        await it.call()
                    with pytest.raises(RuntimeError, match="within a transaction"):
                        await it.get()
                await it.call()
                await it.get()
        finally:
            await database.close()
        assert len(receiver.requests) == 3


async def test_metrics_tell_of_calls(receiver: Receiver, redis_url: str) -> None:
    """Calls, failed tries, repetitions and openings are counted by party."""

    def count(line: str) -> float:
        found = [text for text in exposition()[0].decode().splitlines() if text.startswith(line)]
        return float(found[0].rpartition(" ")[2]) if found else 0.0

    lines = (
        'esteio_upstream_call_duration_seconds_count{outcome="answered",party="shop"}',
        'esteio_upstream_call_duration_seconds_count{outcome="failed",party="shop"}',
        'esteio_upstream_call_duration_seconds_count{outcome="refused",party="shop"}',
        'esteio_upstream_failed_tries_total{party="shop",why="Failing"}',
        'esteio_upstream_retries_total{outcome="sent",party="shop"}',
        'esteio_upstream_breaker_openings_total{party="shop"}',
    )
    before = [count(line) for line in lines]
    async with shop(receiver.url(""), redis_url, tries=2, failures=3) as it:
        await it.call()
        await it.refusal("/status/500")
        await it.refusal("/status/500", "POST")
        await it.refusal()
        await it.upstreams.close()
    assert [count(line) - old for line, old in zip(lines, before, strict=True)] == [1, 2, 1, 3, 1, 1]
    assert count('esteio_upstream_breaker_open{party="shop"') in (0.0, 1.0)


async def test_paths_that_climb(receiver: Receiver, redis_url: str) -> None:
    """A path that climbs is refused before anything is sent."""
    async with shop(receiver.url(""), redis_url) as it:
        with pytest.raises(UrlRefused):
            await it.call("/products/../users")
    assert receiver.requests == []
