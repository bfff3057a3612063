"""What anybody's words become in a message: text, and nothing but text."""

import re
import smtplib
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from esteio.mail.addresses import Mailbox, masked
from esteio.mail.composing import Sender, compose, quoted
from esteio.mail.headers import clean
from esteio.mail.letter import Attachment, Letter
from tests.mail.letters import HOSTILE, RECIPIENT, letter, pdf

SENDER = Sender(Mailbox.read("books@shop.example.org"), "PetStory")
NAMES = {
    "Date": 1,
    "From": 1,
    "To": 1,
    "Subject": 1,
    "Message-ID": 1,
    "Content-Language": 1,
    "Auto-Submitted": 1,
    "MIME-Version": 1,
    "Content-Type": 1,
}


def composed(sent: Letter) -> bytes:
    return compose(sent, SENDER, datetime(2026, 11, 21, tzinfo=UTC), 10_000_000).wire


def read(sent: Letter) -> EmailMessage:
    found = message_from_bytes(composed(sent).replace(b"\r\n..", b"\r\n."), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def shown(wire: bytes) -> str:
    """The name in To. The newer parser puts blanks between encoded words of a name, which RFC 2047 (6.2) forbids."""
    raw = str(message_from_bytes(wire)["To"]).rpartition("<")[0].strip()
    if raw.startswith("=?"):
        return str(make_header(decode_header(raw)))
    return re.sub(r"\\(.)", r"\1", raw[1:-1])


class Wire(smtplib.SMTP):
    """The standard library's client, which sends into a list."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""

    def putcmd(self, cmd: str, args: str = "") -> None:
        pass

    def getreply(self) -> tuple[int, bytes]:
        return 354, b""

    def send(self, s: Any) -> None:
        self.sent += s


@given(st.one_of(st.text("\r\n.a", max_size=40), st.text(st.characters(max_codepoint=127))))
@example("\r\n.\r\n")
@example("..")
def test_quoted_as_the_standard_library_does(text: str) -> None:
    """Dots and line ends are on the wire as smtplib sends them, for any text."""
    wire = Wire()
    wire.data(text)
    assert quoted(text.encode()) + b".\r\n" == wire.sent
    assert b"\r\n.\r\n" not in b"\r\n" + quoted(text.encode())


NASTY = st.text(st.one_of(st.sampled_from('\r\n\t\x00"\\<>(),:;@.=? \u2028\u202e\ud800Füß犬é'), st.characters()))


@given(NASTY, NASTY)
@example('x" <evil@example.net>, "y', "ok\r\nBcc: evil@example.net")
@example("=?utf-8?q?Bcc=3A?=", "=?utf-8?b?ZQ==?=")
@example(HOSTILE, "ü" * 400)
@example("Rex, evil@example.net, Füß " * 9, "")
def test_no_words_make_a_header(name: str, subject: str) -> None:
    """Any name and subject come out as themselves, in one address and one subject, in short lines of ASCII."""
    sent = letter(to_name=name, subject=subject)
    message = read(sent)
    assert [one.addr_spec for one in message["To"].addresses] == [RECIPIENT]
    assert shown(composed(sent)) == clean(name)
    assert message["Subject"] == clean(subject)
    assert {header: len(message.get_all(header, [])) for header in message.keys()} == NAMES  # noqa: SIM118
    head = composed(sent).partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert max(len(line) for line in head.split(b"\r\n")) <= 78


@given(NASTY)
@example("../../etc/passwd")
@example('a"; name="b.exe')
@example("x" * 300 + ".pdf")
def test_no_file_name_makes_a_header(name: str) -> None:
    """Any name of a file comes out as one line without folders, and adds no header and no parameter."""
    message = read(letter(attachments=(Attachment(name, "application/pdf", b"%PDF"),)))
    [file] = message.iter_attachments()
    got = file.get_filename()
    assert got == clean(got)
    assert 0 < len(got) <= 150
    assert not set(got) & set("/\\")
    assert list(file["Content-Disposition"].params) == ["filename"]
    assert file.get_content() == b"%PDF"


def test_file_name_that_is_cut_keeps_its_ending() -> None:
    """A long name still says what the file is."""
    [file] = read(letter(attachments=(pdf(10, "é" * 300 + ".pdf"),))).iter_attachments()
    assert re.fullmatch("é+[.]pdf", str(file.get_filename()))


@given(st.text(), st.text())
def test_any_texts_pass(text: str, html: str) -> None:
    """Any text is carried in lines of ASCII that every server takes, and comes out again."""
    sent = letter(text=text, html=html)
    wire = composed(sent)
    assert wire.isascii()
    assert max(len(line) for line in wire.split(b"\r\n")) <= 998
    found = read(sent).get_body(("plain",))
    assert found is not None
    expected = re.sub("[\x00\ud800-\udfff]", "\ufffd", text)
    assert re.sub("\r\n|\r|\n", "\n", found.get_content()).strip("\n") == re.sub("\r\n|\r|\n", "\n", expected).strip(
        "\n"
    )


@pytest.mark.parametrize(
    "changes",
    [{"id": "a>b"}, {"id": "a@b"}, {"id": ""}, {"id": "x" * 121}, {"id": "a\r\nb"}, {"language": "pt\r\nBcc: x"}],
)
def test_what_the_house_itself_writes_is_checked(changes: dict[str, str]) -> None:
    """An id or a language that would not be safe in a header is a mistake of ours and says so at once."""
    with pytest.raises(ValueError, match=r"written|made of"):
        letter(**changes)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Ana@Example.ORG", "Ana@example.org"),
        ("a@straße.de", "a@xn--strae-oqa.de"),
        ("füß@example.org", "füß@example.org"),
        ("a@例え.jp", "a@xn--r8jz45g.jp"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    """A domain is written in ASCII by IDNA 2008; the part before the @ stays as it is."""
    assert str(Mailbox.read(text)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@b",
        "a@",
        "a@@b",
        "a b@c",
        ".a@b",
        "a..b@c",
        "a@b..c",
        "a@-b",
        "a@[127.0.0.1]",
        '"a"@b',
        "a<@b",
        "a\n@b",
        "x" * 65 + "@b",
        "a@" + "b." * 130 + "c",
        "a@b c",
        "a\u202eb@c",
        "a\u00a0b@c",
        "a@b\r\n",
        "a@xn--a%0a",
        "\ud800@b",
    ],
)
def test_no_addresses(text: str) -> None:
    """Whatever cannot stand on a command line as it is, is no address."""
    with pytest.raises(ValueError, match=r"@|characters"):
        Mailbox.read(text)


def test_masked() -> None:
    """What is masked can be found again and not be written to."""
    assert masked("550 <ana.souza@example.com>, b@c") == "550 <a***@example.com>, b***@c"
    assert Mailbox.read(RECIPIENT).masked == "a***@example.com"
