"""Calls over real connections: which are made, where they go, and how they end."""

import ssl
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from esteio.upstream.egress import Egress
from esteio.upstream.failures import (
    AddressRefused,
    Broken,
    CallFailed,
    HandshakeFailed,
    NameUnresolved,
    TookTooLong,
    Unreachable,
)
from esteio.upstream.settings import UpstreamSettings
from tests.upstream.certificates import Authority
from tests.upstream.names import serving_names
from tests.upstream.receiver import HUGE, Receiver, receiving

pytestmark = pytest.mark.anyio
LOOPBACK = ("127.0.0.0/8",)
BOUND = 1.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def open_egress(**settings: object) -> Egress:
    """A way out to loopback."""
    return Egress(UpstreamSettings(**{"allowed_networks": LOOPBACK, **settings}))  # type: ignore[arg-type]


async def post(egress: Egress, url: str, **options: int) -> bytes:
    return (await egress.call("POST", url, headers={}, content=b"{}", **options)).body


class TestRefused:
    async def test_a_name_that_leads_inside(self, receiver: Receiver) -> None:
        """A public name with a loopback address is not connected to."""
        with serving_names(hook__example__com=[["127.0.0.1"]]) as (resolver, _), pytest.raises(AddressRefused):
            await post(Egress(resolver=resolver), receiver.url(host="hook.example.com"))
        assert receiver.requests == []

    @pytest.mark.parametrize(
        "addresses",
        [
            ["8.8.8.8", "127.0.0.1"],
            ["::ffff:127.0.0.1"],
            ["64:ff9b::7f00:1"],
            ["169.254.169.254"],
            ["2606:4700::1111", "fd00:ec2::254"],
        ],
    )
    async def test_one_bad_address_is_enough(self, receiver: Receiver, addresses: list[str]) -> None:
        """A name is refused when any of its addresses is not public, mapped and translated ones too."""
        with serving_names(hook__example__com=[addresses]) as (resolver, _), pytest.raises(AddressRefused):
            await post(Egress(resolver=resolver), receiver.url(host="hook.example.com"))

    async def test_rebinding(self, receiver: Receiver) -> None:
        """A name that was public when it was looked at first is refused at the connection where it is not any more."""
        settings = UpstreamSettings(allowed_networks=("127.0.0.2",), connect_timeout=3)
        with serving_names(hook__example__com=[["127.0.0.2"], ["127.0.0.1"]]) as (resolver, zone):
            egress = Egress(settings, resolver)
            # The first address is allowed, so that its connection fails for want of a listener and for no other reason.
            with pytest.raises(Unreachable):
                await post(egress, f"http://hook.example.com:{receiver.port}/ok")
            with pytest.raises(AddressRefused):
                await post(egress, f"http://hook.example.com:{receiver.port}/ok")
        assert (receiver.requests, len(zone.asked)) == ([], 2)

    async def test_each_connection_is_checked_and_goes_where_was_checked(self, receiver: Receiver) -> None:
        """The name is asked for once per call; what it would say next does not matter to a call that has begun."""
        with serving_names(hook__example__com=[["127.0.0.1"], ["10.0.0.1"]]) as (resolver, zone):
            egress = Egress(UpstreamSettings(allowed_networks=LOOPBACK), resolver)
            assert await post(egress, receiver.url(host="hook.example.com")) == b"so be it"
            assert receiver.requests[0].headers["host"] == f"hook.example.com:{receiver.port}"
            with pytest.raises(AddressRefused):
                await post(egress, receiver.url(host="hook.example.com"))
        assert (len(receiver.requests), len(zone.asked)) == (1, 2)

    async def test_redirects_are_not_followed(self, receiver: Receiver) -> None:
        """A redirect is an answer like any other."""
        reply = await open_egress().call("POST", receiver.url("/redirect/ok"), headers={})
        assert (reply.status, len(receiver.requests)) == (302, 1)

    async def test_cookies_are_not_kept(self, receiver: Receiver) -> None:
        """What an answer sets is not sent with the next call, which may be somebody else's."""
        egress = open_egress()
        for _ in range(2):
            await post(egress, receiver.url("/cookie"))
        assert not any("cookie" in request.headers for request in receiver.requests)

    async def test_proxies_of_the_environment_are_not_used(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Proxy variables lead nobody anywhere."""
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, receiver.url("/proxy"))
        with pytest.raises(AddressRefused), serving_names(hook__example__com=[["10.9.8.7"]]) as (resolver, _):
            await post(Egress(resolver=resolver), "http://hook.example.com/hook")
        assert await post(open_egress(), receiver.url()) == b"so be it"
        assert [request.path for request in receiver.requests] == ["/ok"]

    async def test_unknown_names_and_closed_ports_say_so(self, free_port: int) -> None:
        """What cannot be reached is told in words that do not say where it led."""
        with serving_names() as (resolver, _), pytest.raises(NameUnresolved):
            await post(Egress(resolver=resolver), "http://nobody.example.com/")
        with pytest.raises(Unreachable) as refusal:
            await post(open_egress(), f"http://127.0.0.1:{free_port}/")
        assert "127.0.0.1" not in refusal.value.words

    async def test_the_second_address_is_tried(self, receiver: Receiver) -> None:
        """Where the first of several addresses does not answer the next is connected to."""
        with serving_names(hook__example__com=[["127.0.0.2", "127.0.0.1"]]) as (resolver, _):
            egress = Egress(UpstreamSettings(allowed_networks=LOOPBACK), resolver)
            assert await post(egress, receiver.url(host="hook.example.com")) == b"so be it"


class TestBounded:
    @pytest.mark.parametrize("path", ["/hang", "/headers-drip"])
    async def test_time(self, receiver: Receiver, path: str) -> None:
        """No answer, or one that drips, ends with the time for the whole call."""
        began = time.monotonic()
        with pytest.raises(TookTooLong):
            await post(open_egress(total_timeout=BOUND), receiver.url(path))
        assert BOUND <= time.monotonic() - began < 10 * BOUND

    async def test_a_dripping_body(self, receiver: Receiver) -> None:
        """A body that comes a byte at a time ends at the bound of bytes or with the time, whichever is first."""
        assert await post(open_egress(total_timeout=20), receiver.url("/body-drips"), most=3) == b"xxx"
        with pytest.raises(TookTooLong):
            await post(open_egress(total_timeout=BOUND), receiver.url("/body-drips"), most=1_000_000)

    async def test_size(self, receiver: Receiver) -> None:
        """Of a huge body the first bytes are read, the rest is not waited for."""
        assert await post(open_egress(), receiver.url("/huge")) == b"h" * 1024
        assert receiver.sent < HUGE / 2

    async def test_head(self, receiver: Receiver) -> None:
        """A head without end is given up long before it has come."""
        with pytest.raises(Broken):
            await post(open_egress(), receiver.url("/large-head"))
        assert receiver.sent < 9_000_000

    async def test_nothing_is_decompressed(self, receiver: Receiver) -> None:
        """A compressed bomb stays as small as it came, and none is asked for."""
        tracemalloc.start()
        try:
            body = await post(open_egress(), receiver.url("/bomb"), most=100_000)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert body[:2] == b"\x1f\x8b"
        assert receiver.requests[0].headers["accept-encoding"] == "identity"
        assert peak < 60_000_000  # the server of this test makes 20 MB in the same process

    @pytest.mark.parametrize("path", ["/close", "/garbage"])
    async def test_what_is_no_answer(self, receiver: Receiver, path: str) -> None:
        """A connection that ends, or speaks something else, is a failed call and nothing worse."""
        with pytest.raises(CallFailed):
            await post(open_egress(), receiver.url(path))

    async def test_silent_name_servers(self) -> None:
        """Looking up a name is part of the time to connect."""

        class Silent:
            async def resolve(self, host: str) -> list[object]:
                import asyncio

                await asyncio.Event().wait()
                return []

        egress = Egress(UpstreamSettings(connect_timeout=0.3), Silent())  # type: ignore[arg-type]
        with pytest.raises(TookTooLong):
            await post(egress, "http://hook.example.com/")


class TestTls:
    async def test_the_name_is_verified_not_the_address(self, receiver: Receiver, tmp_path: Path) -> None:
        """The certificate has to be the named host's, though the connection goes to the checked address."""
        authority = Authority(tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.certificate_for("hook.example.com"))
        seen: list[str | None] = []
        context.sni_callback = lambda _socket, name, _context: seen.append(name)
        receiver.socket = context.wrap_socket(receiver.socket, server_side=True, do_handshake_on_connect=False)
        settings = UpstreamSettings(allowed_networks=LOOPBACK, ca_file=str(authority.file))
        names = {"hook__example__com": [["127.0.0.1"]], "other__example__com": [["127.0.0.1"]]}
        with serving_names(**names) as (resolver, _):
            egress = Egress(settings, resolver)
            assert await post(egress, f"https://hook.example.com:{receiver.port}/ok") == b"so be it"
            with pytest.raises(HandshakeFailed):
                await post(egress, f"https://other.example.com:{receiver.port}/ok")
            with pytest.raises(HandshakeFailed):
                await post(
                    Egress(UpstreamSettings(allowed_networks=LOOPBACK), resolver),
                    f"https://hook.example.com:{receiver.port}/ok",
                )
        assert seen[0] == "hook.example.com"
