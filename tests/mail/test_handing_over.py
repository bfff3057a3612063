"""The moment in which it is unknown whether a mail went: the last dot and its answer, and nothing else."""

import asyncio
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from esteio.base.errors import EsteioError
from esteio.mail.addresses import Mailbox
from esteio.mail.composing import Sender, compose
from esteio.mail.connection import Connection
from esteio.mail.errors import MailDelayed, MailRefused, MailUnavailable, MailUncertain
from esteio.mail.settings import MailSettings
from tests.house import eventually
from tests.mail.letters import RECIPIENT, Handing, letter, mailer, pdf
from tests.mail.post import Post
from tests.mail.scripted import CUT, HANG, Scripted

pytestmark = pytest.mark.anyio
Start = Callable[..., Scripted]
PASSWORD = "hush-mail-password"


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("esteio_mails_total", {"outcome": outcome}) or 0.0


async def test_all_but_the_dot_comes_first(scripted: Start) -> None:
    """When the caller is asked, the whole message is out of this process and its end is not."""
    server = scripted()

    async def look() -> None:
        # The loop stands still here: what the server gets now was with the system before.
        eventually(lambda: bytes(server.body).endswith(b"--\r\n") and len(server.body) > 5_000_000)
        assert not server.ended.is_set()

    handing = Handing(look)
    accepted = await mailer(server.port).send(letter(attachments=(pdf(4_000_000),)), handing_over=handing)
    assert (handing.times, accepted.answer) == (1, "taken as 42")
    assert server.ended.is_set()
    assert accepted.size == len(server.body.replace(b"\r\n..", b"\r\n."))


async def test_caller_who_fails(post: Callable[..., Post]) -> None:
    """What the caller raises is raised as it is, and nothing is delivered."""
    server = post()

    async def fail() -> None:
        raise TimeoutError("the database is away")

    before = counted("left")
    with pytest.raises(TimeoutError, match="the database is away"):
        await mailer(server.port).send(letter(), handing_over=Handing(fail))
    await mailer(server.port).send(letter(id="another"), handing_over=Handing())
    assert [delivered.message["Message-ID"] for delivered in server.delivered] == ["<another@shop.example.org>"]
    assert counted("left") == before + 1


@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "body"])
async def test_cut_before_the_end(scripted: Start, step: str) -> None:
    """A connection that ends before the caller was asked has delivered nothing and can be tried again."""
    server, handing = scripted(**{step: CUT}), Handing()
    with pytest.raises(MailUnavailable) as caught:
        await mailer(server.port).send(letter(attachments=(pdf(9_000_000),)), handing_over=handing)
    assert (caught.value.why in ("connect", "protocol", "broken"), handing.times) == (True, 0)


async def test_cut_while_the_caller_writes(scripted: Start) -> None:
    """A connection that is known to have ended before the dot is no uncertainty."""
    server = scripted()
    settings = MailSettings(server="localhost", port=server.port, tls="none", from_address="books@example.org")
    sender = Sender(Mailbox.read("books@example.org"), "")
    mail = compose(letter(), sender, datetime.now(UTC), 0)
    connection = Connection(settings, "example.org", None)
    await connection.open()
    await connection.address("books@example.org", mail)
    await connection.send(mail.wire)
    server.hang_up()
    await asyncio.to_thread(eventually, lambda: not connection.connected)
    with pytest.raises(MailUnavailable) as caught:
        await connection.finish()
    connection.drop()
    assert (caught.value.why, server.ended.is_set()) == ("broken", False)


@pytest.mark.parametrize("end", [CUT, HANG, "what?", "354 go on", "221 bye"])
async def test_no_answer_to_the_end(scripted: Start, end: str) -> None:
    """Without an answer that says yes or no after the last dot it is unknown whether the mail went."""
    server, handing = scripted(end=end), Handing()
    before = counted("uncertain")
    with pytest.raises(MailUncertain):
        await mailer(server.port, answer_timeout=0.5).send(letter(), handing_over=handing)
    assert (handing.times, server.ended.is_set(), counted("uncertain")) == (1, True, before + 1)


@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "body"])
async def test_silence(scripted: Start, step: str) -> None:
    """A server that falls silent, or reads no further, holds nobody for longer than the settings say."""
    server, handing = scripted(**{step: HANG}), Handing()
    started = time.monotonic()
    with pytest.raises(MailUnavailable) as caught:
        await mailer(server.port, timeout=1).send(letter(attachments=(pdf(9_000_000),)), handing_over=handing)
    assert time.monotonic() - started < 15
    assert (caught.value.why, handing.times) == ("timeout", 0)


async def test_slow_caller(scripted: Start) -> None:
    """The caller's own time counts for nobody's bound."""
    server = scripted()
    handing = Handing(lambda: asyncio.sleep(1.2))
    await mailer(server.port, timeout=1, answer_timeout=1).send(letter(), handing_over=handing)
    assert handing.times == 1


@pytest.mark.parametrize("step", ["greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "end"])
async def test_closing_down(scripted: Start, step: str) -> None:
    """A 421, wherever it comes, asks to try again."""
    answers = {"EHLO": "250-there\r\n250 AUTH PLAIN"} | {step: "421 4.3.2 closing down"}
    server, handing = scripted(**answers), Handing()
    with pytest.raises(MailDelayed) as caught:
        await mailer(server.port, user="books", password=PASSWORD).send(letter(), handing_over=handing)
    assert (caught.value.reply, caught.value.said) == (421, "4.3.2 closing down")
    assert handing.times == (step == "end")


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("greeting", "554 no service here", MailUnavailable),
        ("AUTH", "454 try later", MailDelayed),
        ("AUTH", "534 too weak", MailUnavailable),
        ("MAIL", "550 not your address", MailRefused),
        ("MAIL", "451 later", MailDelayed),
        ("DATA", "554 no valid recipients", MailRefused),
        ("RCPT", "530 log in first", MailUnavailable),
    ],
)
async def test_other_answers(scripted: Start, step: str, answer: str, kind: type[EsteioError]) -> None:
    """Each answer is judged by its code and by what it answers."""
    server = scripted(**{"EHLO": "250-there\r\n250 AUTH PLAIN", step: answer})
    with pytest.raises(kind) as caught:
        await mailer(server.port, user="books", password=PASSWORD).send(letter(), handing_over=Handing())
    assert answer in str(caught.value.operator)


async def test_no_starttls(scripted: Start) -> None:
    """A server without STARTTLS hears neither login nor mail where TLS is demanded."""
    server = scripted(EHLO="250-there\r\n250 AUTH PLAIN LOGIN")
    with pytest.raises(MailUnavailable) as caught:
        await mailer(server.port, tls="auto", user="books", password=PASSWORD).send(letter(), handing_over=Handing())
    assert caught.value.why == "tls"
    assert [line[:4] for line in server.heard] == ["EHLO"]


@pytest.mark.parametrize("answer", ["454 not now", "220 go"])
async def test_starttls_that_comes_to_nothing(scripted: Start, answer: str) -> None:
    """A server that offers STARTTLS and does not do it hears nothing more in clear."""
    server = scripted(EHLO="250-there\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN", STAR=answer)
    with pytest.raises(MailUnavailable) as caught:
        await mailer(server.port, tls="auto", timeout=1).send(letter(), handing_over=Handing())
    assert caught.value.why in ("tls", "timeout")
    assert [line for line in server.heard if line.startswith(("MAIL", "AUTH", "RCPT"))] == []


async def test_closing_down_before_tls(scripted: Start) -> None:
    """A 421 to STARTTLS is no lack of TLS: it asks to try again."""
    server = scripted(EHLO="250-there\r\n250 STARTTLS", STAR="421 4.3.2 closing down")
    with pytest.raises(MailDelayed):
        await mailer(server.port, tls="auto").send(letter(), handing_over=Handing())


@pytest.mark.parametrize(("answer", "tries"), [("535 wrong", ["PLAIN"]), ("504 not so", ["PLAIN", "LOGIN"])])
async def test_logins(scripted: Start, answer: str, tries: list[str]) -> None:
    """A wrong password is tried once, so that nobody is locked out; another way only where the first is unknown."""
    server = scripted(EHLO="250-there\r\n250 AUTH LOGIN PLAIN", AUTH=answer)
    with pytest.raises(MailUnavailable) as caught:
        await mailer(server.port, user="books", password=PASSWORD).send(letter(), handing_over=Handing())
    assert caught.value.why == "login"
    assert [line.split()[1] for line in server.heard if line.startswith("AUTH")] == tries


async def test_caller_who_leaves(scripted: Start) -> None:
    """Who is cancelled leaves no connection behind."""
    server = scripted(RCPT=HANG)
    sending = asyncio.create_task(mailer(server.port).send(letter(), handing_over=Handing()))
    await asyncio.to_thread(eventually, lambda: any(line.startswith("RCPT") for line in server.heard))
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await asyncio.to_thread(server.left.wait, 30)


@pytest.mark.parametrize("answers", [{"AUTH": f"535 {PASSWORD} is wrong, {RECIPIENT}"}, {"RCPT": f"550 {RECIPIENT}?"}])
async def test_nothing_to_hide_is_told(scripted: Start, answers: dict[str, str]) -> None:
    """Neither log nor error nor traceback has a password or an address, even where the server repeats them."""
    server = scripted(EHLO="250-there\r\n250 AUTH PLAIN", **answers)
    with capture_logs() as logged, pytest.raises(EsteioError) as caught:
        await mailer(server.port, user="books", password=PASSWORD).send(letter(), handing_over=Handing())
    told = "".join(traceback.format_exception(caught.value)) + caught.value.detail + str(logged)
    assert len(logged) == 1
    assert PASSWORD not in told
    assert RECIPIENT not in told
    assert "a***@example.com" in told
