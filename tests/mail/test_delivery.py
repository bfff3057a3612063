"""A letter on its way to a real server: over TLS as demanded, with a login, and what arrives."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import trustme

from esteio.mail.errors import MailDelayed, MailRefused, MailUnavailable
from tests.mail.letters import HOSTILE, RECIPIENT, Handing, letter, mailer, pdf
from tests.mail.post import PASSWORD, USER, Post, by_password

pytestmark = pytest.mark.anyio
Start = Callable[..., Post]
LOGIN = {"authenticator": by_password, "auth_required": True}
ME = {"user": USER, "password": PASSWORD}


async def test_starttls_and_login(post: Start, authority: trustme.CA, ca_file: str) -> None:
    """Where the server demands STARTTLS and a login the mail goes with both."""
    server = post(certificate=authority.issue_cert("localhost"), require_starttls=True, **LOGIN)
    accepted = await mailer(server.port, tls="auto", ca_file=ca_file, **ME).send(letter(), handing_over=Handing())
    [delivered] = server.delivered
    assert (delivered.tls, delivered.logged_in) == (True, True)
    assert (delivered.sender, delivered.recipients) == ("books@shop.example.org", [RECIPIENT])
    assert (accepted.code, accepted.answer) == (250, "2.0.0 taken as 4711")


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": True})])
@pytest.mark.parametrize("at_once", [True, False])
async def test_under_the_loop_of_the_house(post: Start, authority: trustme.CA, ca_file: str, at_once: bool) -> None:
    """A large mail goes over TLS under uvloop as well, which has transports of its own."""
    server = post(certificate=authority.issue_cert("localhost"), at_once=at_once)
    sending = mailer(server.port, tls="tls" if at_once else "starttls", ca_file=ca_file)
    await sending.send(letter(attachments=(pdf(3_000_000),)), handing_over=Handing())
    assert [len(part.get_content()) for part in server.delivered[0].message.iter_attachments()] == [3_000_000]


# The server does not count TLS from the first byte as TLS when it offers a login, and warns when that is overruled.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_tls_at_once(post: Start, authority: trustme.CA, ca_file: str) -> None:
    """A server that speaks nothing but TLS, as on port 465, is spoken to so from the first byte."""
    server = post(certificate=authority.issue_cert("localhost"), at_once=True, auth_require_tls=False, **LOGIN)
    await mailer(server.port, tls="tls", ca_file=ca_file, **ME).send(letter(), handing_over=Handing())
    assert [delivered.tls for delivered in server.delivered] == [True]


async def test_plain_on_this_machine(post: Start) -> None:
    """A server on this machine may be spoken to without TLS when the operator says so."""
    server = post()
    await mailer(server.port).send(letter(), handing_over=Handing())
    assert [delivered.tls for delivered in server.delivered] == [False]


def expired(authority: trustme.CA) -> trustme.LeafCert:
    now = datetime.now(UTC)
    return authority.issue_cert("localhost", not_before=now - timedelta(days=9), not_after=now - timedelta(days=1))


@pytest.mark.parametrize("tls", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        (expired, "expired"),
        (lambda authority: authority.issue_cert("mail.example.org"), "Hostname mismatch"),
        (lambda _: trustme.CA().issue_cert("localhost"), "unable to get local issuer"),
    ],
    ids=["expired", "another-host", "unknown-authority"],
)
async def test_wrong_certificates(
    post: Start,
    authority: trustme.CA,
    ca_file: str,
    tls: str,
    certificate: Callable[[trustme.CA], trustme.LeafCert],
    words: str,
) -> None:
    """A certificate that is expired, of another host or of nobody known ends it, and the operator reads which."""
    server = post(certificate=certificate(authority), at_once=tls == "tls", authenticator=by_password)
    handing = Handing()
    with pytest.raises(MailUnavailable) as caught:
        await mailer(server.port, tls=tls, ca_file=ca_file, **ME).send(letter(), handing_over=handing)
    assert caught.value.why == "certificate"
    assert words in str(caught.value.operator)
    assert (server.delivered, handing.times) == ([], 0)


async def test_unusable_ca_file(post: Start, authority: trustme.CA) -> None:
    """A file of authorities that is not there is told by its setting's name."""
    server = post(certificate=authority.issue_cert("localhost"))
    with pytest.raises(MailUnavailable, match="ESTEIO_MAIL__CA_FILE") as caught:
        await mailer(server.port, tls="starttls", ca_file="/nowhere.pem").send(letter(), handing_over=Handing())
    assert caught.value.why == "certificate"


async def test_wrong_password(post: Start, authority: trustme.CA, ca_file: str) -> None:
    """A login that is refused is the operator's problem, not the letter's."""
    server = post(certificate=authority.issue_cert("localhost"), **LOGIN)
    sending = mailer(server.port, tls="starttls", ca_file=ca_file, user=USER, password="another-password")
    with pytest.raises(MailUnavailable) as caught:
        await sending.send(letter(), handing_over=Handing())
    assert (caught.value.why, caught.value.reply) == ("login", 535)
    assert "another-password" not in str(caught.value.operator)


async def test_login_that_nobody_gave(post: Start, authority: trustme.CA, ca_file: str) -> None:
    """A server that wants a login which is not set says so at MAIL: also not the letter's fault."""
    server = post(certificate=authority.issue_cert("localhost"), **LOGIN)
    with pytest.raises(MailUnavailable) as caught:
        await mailer(server.port, tls="starttls", ca_file=ca_file).send(letter(), handing_over=Handing())
    assert (caught.value.why, caught.value.reply) == ("login", 530)


async def test_nobody_listens(free_port: int) -> None:
    """A server that cannot be connected to is to be tried again."""
    with pytest.raises(MailUnavailable) as caught:
        await mailer(free_port).send(letter(), handing_over=Handing())
    assert caught.value.why == "connect"


async def test_no_server_set() -> None:
    """Without a server the error names the setting."""
    sending = mailer(587, server="", tls="auto")
    assert not sending.configured
    with pytest.raises(MailUnavailable, match="ESTEIO_MAIL__SERVER") as caught:
        await sending.send(letter(), handing_over=Handing())
    assert caught.value.why == "setup"


@pytest.mark.parametrize("code", [450, 451, 452])
async def test_recipient_later(post: Start, code: int) -> None:
    """A 4xx for the recipient asks to try again and delivers nothing."""
    server, handing = post(rcpt=f"{code} 4.2.1 greylisted"), Handing()
    with pytest.raises(MailDelayed) as caught:
        await mailer(server.port).send(letter(), handing_over=handing)
    assert (caught.value.reply, caught.value.said, handing.times) == (code, "4.2.1 greylisted", 0)


@pytest.mark.parametrize("code", [550, 551, 553])
async def test_recipient_never(post: Start, code: int) -> None:
    """A 5xx for the recipient is final, with the server's words but without the address in clear."""
    server, handing = post(rcpt=str(code) + " 5.1.1 <{address}>: no such user"), Handing()
    with pytest.raises(MailRefused) as caught:
        await mailer(server.port).send(letter(), handing_over=handing)
    assert (caught.value.what, caught.value.reply, handing.times) == ("recipient", code, 0)
    assert caught.value.said == "5.1.1 <a***@example.com>: no such user"


@pytest.mark.parametrize(("answer", "kind"), [("452 full", MailDelayed), ("451 later", MailDelayed)])
async def test_content_later(post: Start, answer: str, kind: type[Exception]) -> None:
    """A 4xx after the last dot: the server did not take it, so it can be tried again."""
    server, handing = post(data=answer), Handing()
    with pytest.raises(kind):
        await mailer(server.port).send(letter(), handing_over=handing)
    assert handing.times == 1


@pytest.mark.parametrize("answer", ["552 too large", "554 looks like spam", "550 no"])
async def test_content_never(post: Start, answer: str) -> None:
    """A 5xx after the last dot is final and about the content."""
    server = post(data=answer)
    with pytest.raises(MailRefused) as caught:
        await mailer(server.port).send(letter(), handing_over=Handing())
    assert (caught.value.what, caught.value.reply) == ("content", int(answer[:3]))


async def test_larger_than_the_server_takes(post: Start) -> None:
    """What exceeds the server's SIZE is refused for good before a byte of it is sent."""
    server, handing = post(data_size_limit=100_000), Handing()
    with pytest.raises(MailRefused) as caught:
        await mailer(server.port).send(letter(attachments=(pdf(100_000),)), handing_over=handing)
    assert (caught.value.what, caught.value.reply, handing.times) == ("content", 552, 0)


async def test_what_arrives(post: Start) -> None:
    """Both texts, the headers of a mail that a machine has written, and names as they are."""
    server = post()
    before = datetime.now(UTC).replace(microsecond=0)
    sent = letter(to_name=HOSTILE, subject=f"{HOSTILE} e o mar", text=f"{HOSTILE}\n.\n..x\n", reply_to="help@shop.org")
    accepted = await mailer(server.port, from_name='Loja, "Füß"').send(sent, handing_over=Handing())
    message = server.delivered[0].message
    assert [(a.display_name, a.addr_spec) for a in message["To"].addresses] == [(HOSTILE, RECIPIENT)]
    assert [a.display_name for a in message["From"].addresses] == ['Loja, "Füß"']
    assert message["Subject"] == f"{HOSTILE} e o mar"
    assert (message["Message-ID"], accepted.message_id) == ("<order-7@shop.example.org>",) * 2
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "pt-BR")
    assert message["Reply-To"] == "help@shop.org"
    assert before <= parsedate_to_datetime(message["Date"]) <= datetime.now(UTC)
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None and html is not None
    assert text.get_content().splitlines() == [HOSTILE, ".", "..x"]
    assert html.get_content().splitlines() == ["<p>Olá!</p>"]


async def test_files_that_go_along(post: Start) -> None:
    """A file of 9 MB arrives byte by byte the same, under its name, beside both texts."""
    server = post()
    name = 'O livro de "Füß" 犬; x=1.pdf'
    await mailer(server.port).send(letter(attachments=(pdf(9_000_000, name),)), handing_over=Handing())
    message = server.delivered[0].message
    assert message.get_content_type() == "multipart/mixed"
    assert [part.get_content_type() for part in message.iter_parts()] == ["multipart/alternative", "application/pdf"]
    [file] = message.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == (name, "application/pdf")
    assert file.get_content() == pdf(9_000_000).data


async def test_files_that_are_too_large(post: Start) -> None:
    """More bytes of files than the setting allows are refused before anybody is connected to."""
    server = post()
    sending = mailer(server.port, largest_attachments=1_000)
    assert sending.largest_attachments == 1_000
    await sending.send(letter(attachments=(pdf(600), pdf(400))), handing_over=Handing())
    with pytest.raises(MailRefused) as caught:
        await sending.send(letter(attachments=(pdf(600), pdf(401))), handing_over=Handing())
    assert (caught.value.what, len(server.delivered)) == ("letter", 1)


@pytest.mark.parametrize(
    ("address", "arrives"),
    [("ana@exämple.org", "ana@xn--exmple-cua.org"), ("o'neil+{x}|y@example.org",) * 2, ("a@localhost",) * 2],
)
async def test_addresses_on_the_line(post: Start, address: str, arrives: str) -> None:
    """A domain beyond ASCII goes in ASCII; odd but right local parts go as they are."""
    server = post()
    await mailer(server.port).send(letter(to=address), handing_over=Handing())
    assert server.delivered[0].recipients == [arrives]
    assert server.delivered[0].message["To"].addresses[0].addr_spec == arrives


@pytest.mark.parametrize("able", [True, False])
async def test_international_address(post: Start, able: bool) -> None:
    """A local part beyond ASCII goes to a server with SMTPUTF8, and is refused with words by another."""
    server = post(enable_SMTPUTF8=able)
    sending = mailer(server.port).send(letter(to="füß@exämple.org", to_name="Füß"), handing_over=Handing())
    if able:
        await sending
        [delivered] = server.delivered
        assert delivered.recipients == ["füß@xn--exmple-cua.org"]
        assert "<füß@xn--exmple-cua.org>\r\n".encode() in delivered.content
        return
    with pytest.raises(MailRefused, match="ASCII before the @") as caught:
        await sending
    assert (caught.value.what, server.delivered) == ("recipient", [])


@pytest.mark.parametrize("address", ["ana", "a b@x.org", "a@x.org\r\nRCPT TO:<b@x.org>", "<a@x.org>", "a@x_y.org", ""])
async def test_what_is_no_address(post: Start, address: Any) -> None:
    """What is no address never comes on a command line."""
    server = post()
    with pytest.raises(MailRefused) as caught:
        await mailer(server.port).send(letter(to=address), handing_over=Handing())
    assert (caught.value.what, server.delivered) == ("recipient", [])
