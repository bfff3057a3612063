"""Servers as they are met outside: with several addresses, offering little, answering at length, cancelled on."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from esteio.mail.errors import MailRefused, MailUnavailable
from tests.house import eventually
from tests.mail.letters import Handing, letter, mailer
from tests.mail.post import Post
from tests.mail.scripted import CUT, HANG, Scripted

pytestmark = pytest.mark.anyio
Start = Callable[..., Scripted]


@contextlib.contextmanager
def deaf(host: str, port: int) -> Iterator[None]:
    """An address at which connections are neither taken nor refused."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(4):  # until the system drops what comes
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((host, port))
        yield


def named(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    """Lets every name lead to these addresses, in this order."""

    def found(_: Any, port: Any, *__: Any, **___: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, int(port))) for host in hosts]

    monkeypatch.setattr(socket, "getaddrinfo", found)


async def test_next_address(scripted: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose first address leads nowhere is reached at its next, within the same bound."""
    server, handing = scripted(), Handing()
    named(monkeypatch, "127.0.0.2", "127.0.0.1")
    with deaf("127.0.0.2", server.port):
        await mailer(server.port, timeout=6).send(letter(), handing_over=handing)
    assert (handing.times, server.ended.is_set()) == (1, True)


async def test_no_address_answers(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What every address said is told, with the server's name and port."""
    named(monkeypatch, "127.0.0.3", "127.0.0.2")
    with capture_logs() as logged, pytest.raises(MailUnavailable) as caught:
        await mailer(free_port).send(letter(), handing_over=Handing())
    assert caught.value.why == "connect"
    for host in ("127.0.0.3", "127.0.0.2"):
        assert f"{host} Connection refused" in str(caught.value.operator)
    assert logged[0]["server"] == f"localhost:{free_port}"


async def test_name_that_does_not_exist() -> None:
    """A name that leads to no address is told as that."""
    with pytest.raises(MailUnavailable) as caught:
        await mailer(587, server="mail.invalid", tls="auto").send(letter(), handing_over=Handing())
    assert caught.value.why == "connect"
    assert "mail.invalid" in str(caught.value.operator)


async def test_cancelled_after_the_dot(scripted: Start) -> None:
    """Who is cancelled while the server considers the mail leaves a line and a count that say: unknown."""
    server = scripted(end=HANG)

    def counted() -> float:
        return REGISTRY.get_sample_value("esteio_mails_total", {"outcome": "uncertain"}) or 0.0

    before = counted()
    with capture_logs() as logged:
        sending = asyncio.create_task(mailer(server.port).send(letter(), handing_over=Handing()))
        await asyncio.to_thread(eventually, server.ended.is_set)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
    assert counted() == before + 1
    assert [(line["event"], line["outcome"]) for line in logged] == [("mail.not_sent", "uncertain")]


async def test_tls_where_none_is_spoken(scripted: Start) -> None:
    """TLS at once with a server that greets in clear is told as TLS, in words without a port that is none."""
    server = scripted()
    with pytest.raises(MailUnavailable) as caught:
        await mailer(server.port, tls="tls", timeout=5).send(letter(), handing_over=Handing())
    assert caught.value.why in ("tls", "timeout", "connect")
    assert "port None" not in str(caught.value.operator)


@pytest.mark.parametrize("address", ["a@10.0.0.1", "a@127.1", "a@1"])
async def test_number_is_no_domain(address: str) -> None:
    """An address of the network is no domain: nobody sends the operator's server to a machine beside it."""
    with pytest.raises(MailRefused) as caught:
        await mailer(587).send(letter(to=address), handing_over=Handing())
    assert caught.value.what == "recipient"


@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
async def test_what_is_no_answer(scripted: Start, step: str) -> None:
    """Who does not speak SMTP is told as that, in its own words, and not by a code that it never gave."""
    server = scripted(**{step: "HTTP/1.1 400 Bad Request"})
    with pytest.raises(MailUnavailable) as caught:
        await mailer(server.port, timeout=5).send(letter(), handing_over=Handing())
    assert (caught.value.why, caught.value.reply) == ("protocol", None)
    assert "HTTP/1.1 400" in str(caught.value.operator)
    assert "-1" not in str(caught.value.operator)


async def test_only_login(scripted: Start) -> None:
    """A server that knows nothing but AUTH LOGIN, and no extension beside it, is sent to."""
    server = scripted(EHLO="250-there\r\n250 AUTH LOGIN")
    with pytest.raises(MailUnavailable):  # it takes the first word for the whole login
        await mailer(server.port, user="books", password="hush").send(letter(), handing_over=Handing())
    assert [line.split()[:2] for line in server.heard if line.startswith("AUTH")] == [["AUTH", "LOGIN"]]


async def test_answers_of_several_lines(scripted: Start) -> None:
    """Of an answer in several lines the code counts once, and all its words are told."""
    server = scripted(RCPT="550-5.7.1 Your network is listed.\r\n550-See the list.\r\n550 5.7.1 Goodbye.")
    with pytest.raises(MailRefused) as caught:
        await mailer(server.port).send(letter(), handing_over=Handing())
    assert caught.value.said == "5.7.1 Your network is listed. See the list. 5.7.1 Goodbye."


async def test_hangs_up_after_mail(scripted: Start) -> None:
    """A server that hangs up in the middle is told as the step at which it did."""
    server = scripted(RCPT=CUT)
    with pytest.raises(MailUnavailable) as caught:
        await mailer(server.port).send(letter(), handing_over=Handing())
    assert str(caught.value.operator).startswith("RCPT TO a***@example.com: ")


async def test_name_with_its_last_dot(
    post: Callable[..., Post], authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`localhost.` is the server whose certificate says `localhost`."""
    server = post(certificate=authority.issue_cert("localhost"), at_once=True)
    named(monkeypatch, "127.0.0.1")
    sending = mailer(server.port, server="localhost.", tls="tls", ca_file=ca_file)
    await sending.send(letter(), handing_over=Handing())
    assert len(server.delivered) == 1


async def test_many_at_once(post: Callable[..., Post]) -> None:
    """Twenty mails of one process at the same time arrive each once."""
    server = post()
    sending = mailer(server.port)
    async with asyncio.timeout(120):
        await asyncio.gather(*(sending.send(letter(id=f"m-{n}"), handing_over=Handing()) for n in range(20)))
    assert sorted(one.message["Message-ID"] for one in server.delivered) == sorted(
        f"<m-{n}@shop.example.org>" for n in range(20)
    )
