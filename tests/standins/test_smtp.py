"""The mail server as a real client meets it."""

import asyncio
import errno
import json
import smtplib
import socket
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any

import aiosmtplib
import httpx
import pytest

from esteio.standins.faults import Impossible
from esteio.standins.smtp import Box, Sink, Terms, running_smtp
from tests.house import AMPLE, NO_TLS, eventually

USER, PASSWORD = "caixa", "password of the tests"
DATA = bytes(range(256)) * 400


@pytest.fixture(scope="module")
def running_sink() -> Iterator[Sink]:
    with running_smtp(Terms("starttls", USER, PASSWORD)) as running:
        yield running


@pytest.fixture
def sink(running_sink: Sink) -> Sink:
    """As at its start, asking for STARTTLS and a login."""
    running_sink.reset()
    return running_sink


@pytest.fixture(scope="module")
def running_plain() -> Iterator[Sink]:
    with running_smtp(Terms("none", largest=500_000)) as running:
        yield running


@pytest.fixture
def plain(running_plain: Sink) -> Sink:
    """As at its start: no encryption, no login."""
    running_plain.reset()
    return running_plain


def mail(subject: str = "Um livro — 犬", to: str = "maria@example.org") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Date"] = "house@example.org", to, subject, formatdate(0)
    made.set_content(".a line that begins with a dot\nand another\n")
    made.add_attachment(DATA, "application", "pdf", filename="livro ção.pdf")
    return made


def send(sink: Sink, message: EmailMessage | None = None, to: tuple[str, ...] = (), **options: Any) -> Any:
    """By aiosmtplib, with what the server asks for unless told otherwise."""
    terms = sink._site.terms
    ways: dict[str, Any] = {"use_tls": terms.tls == "tls", "start_tls": terms.tls == "starttls"}
    if terms.tls != "none":
        ways["tls_context"] = ssl.create_default_context(cafile=str(sink.ca_file))
    if terms.user:
        ways |= {"username": USER, "password": PASSWORD}
    ways |= {"hostname": sink.host, "port": sink.port, "timeout": 10} | options
    sent = aiosmtplib.send(message or mail(), recipients=to or ["maria@example.org"], **ways)
    return asyncio.run(sent)


def test_a_mail_is_kept_as_it_was_sent(sink: Sink) -> None:
    """By STARTTLS and a login: envelope, subject, date and every byte of the file are there, also over the control."""
    message = mail()
    assert send(sink, message, ("maria@example.org", "joão@example.org"), sender="bounce@example.org")[0] == {}
    [kept] = sink.mails()
    assert (kept.sender, kept.to) == ("bounce@example.org", ("maria@example.org", "joão@example.org"))
    assert (kept.subject, kept.date, kept.tls, kept.user) == (message["subject"], message["date"], True, USER)
    assert kept.size == len(sink.raw(kept.id))
    [read] = sink.messages()
    body = read.get_body()
    assert body is not None
    assert body.get_content() == ".a line that begins with a dot\r\nand another\r\n"
    [file] = read.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("livro ção.pdf", DATA)
    with httpx.Client(base_url=sink.control_url, timeout=AMPLE, verify=NO_TLS) as control:
        assert control.get("/mails").json() == [
            {
                "id": kept.id,
                "from": kept.sender,
                "to": [*kept.to],
                "subject": "Um livro — 犬",
                "date": kept.date,
                "size": kept.size,
                "tls": True,
                "user": USER,
            }
        ]
        assert control.get("/mails?to=JOÃO@example.org").json() == control.get("/mails").json()
        assert control.get("/mails?to=another@example.org").json() == []
        raw = control.get(f"/mails/{kept.id}")
        assert (raw.headers["content-type"], raw.content) == ("message/rfc822", sink.raw(kept.id))
        assert control.delete(f"/mails/{kept.id}").status_code == 204
        assert [control.get(f"/mails/{kept.id}").status_code, control.delete("/mails/x").status_code] == [404, 404]
        assert control.get("/mails").json() == sink.mails() == []
        send(sink)
        assert control.delete("/mails").status_code == 204
        assert sink.mails() == []


def test_what_it_offers(sink: Sink, plain: Sink) -> None:
    """SIZE, 8BITMIME, SMTPUTF8; STARTTLS where it asks for it, logins only behind it."""
    with smtplib.SMTP(sink.host, sink.port, timeout=AMPLE) as line:
        line.ehlo()
        assert {"size", "8bitmime", "smtputf8", "starttls"} <= set(line.esmtp_features)
        assert "auth" not in line.esmtp_features
        assert line.mail("a@example.org")[0] == 530
        line.starttls(context=ssl.create_default_context(cafile=str(sink.ca_file)))
        line.ehlo()
        assert {"LOGIN", "PLAIN"} <= set(line.esmtp_features["auth"].split())
        assert line.mail("a@example.org")[0] == 530
    with smtplib.SMTP(plain.host, plain.port, timeout=AMPLE) as line:
        line.ehlo()
        assert "starttls" not in line.esmtp_features
        assert line.esmtp_features["size"] == "500000"
        assert line.mail("a@example.org")[0] == 250


@pytest.mark.parametrize("mechanism", ["auth_plain", "auth_login"])
def test_logins(sink: Sink, mechanism: str) -> None:
    """Either mechanism takes the right password and no other."""
    for password, right in ((PASSWORD, True), ("another", False)):
        with smtplib.SMTP(sink.host, sink.port, timeout=AMPLE) as line:
            line.starttls(context=ssl.create_default_context(cafile=str(sink.ca_file)))
            line.ehlo()
            line.user, line.password = USER, password
            name = mechanism.removeprefix("auth_").upper()
            if right:
                assert line.auth(name, getattr(line, mechanism))[0] == 235
            else:
                with pytest.raises(smtplib.SMTPAuthenticationError):
                    line.auth(name, getattr(line, mechanism))
    assert sink.calls("/AUTH") == 2


def test_encrypted_from_the_first_byte() -> None:
    """TLS at once, its certificate trusted by the authority that is told; wrong ones are shown when told."""
    with running_smtp(Terms("tls", USER, PASSWORD)) as sink:
        assert send(sink)[0] == {}
        assert [(kept.tls, kept.user) for kept in sink.mails()] == [(True, USER)]
        for fault in ("wrong_name", "expired"):
            sink.fault(fault)
            with pytest.raises((ssl.SSLCertVerificationError, aiosmtplib.SMTPConnectError)) as caught:
                send(sink)
            assert ("expired" if fault == "expired" else "mismatch") in str(caught.value)
        sink.fault("none")
        pem = httpx.get(sink.control_url + "/certificate", timeout=AMPLE).text
        assert send(sink, tls_context=ssl.create_default_context(cadata=pem))[0] == {}
        with pytest.raises(
            (ssl.SSLCertVerificationError, aiosmtplib.SMTPConnectError), match="unable to get local issuer"
        ):
            send(sink, tls_context=ssl.create_default_context())


@pytest.mark.parametrize(("fault", "words"), [("wrong_name", "mismatch"), ("expired", "expired")])
def test_certificates_by_starttls(sink: Sink, fault: str, words: str) -> None:
    """A wrong name and an ended certificate are what they say; the next connection is well."""
    sink.next(fault)
    with pytest.raises(ssl.SSLCertVerificationError, match=words):
        send(sink)
    assert send(sink)[0] == {}
    assert len(sink.mails()) == 1


def test_no_starttls(sink: Sink) -> None:
    """It is not offered: who insists gets no mail through, who does not is heard in the open."""
    sink.fault("no_starttls")
    with pytest.raises(aiosmtplib.SMTPException, match="STARTTLS"):
        send(sink)
    assert send(sink, start_tls=False)[0] == {}
    assert [kept.tls for kept in sink.mails()] == [False]


@pytest.mark.parametrize(("fault", "code"), [("login_535", 535), ("login_454", 454)])
def test_a_refused_login(sink: Sink, fault: str, code: int) -> None:
    """The right password is refused with that code."""
    sink.fault(fault)
    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as caught:
        send(sink)
    assert caught.value.code == code


@pytest.mark.parametrize("code", [451, 550])
def test_a_refused_recipient(plain: Sink, code: int) -> None:
    """Everybody is refused, or one address only: the others get theirs."""
    plain.fault(f"rcpt_{code}")
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
        send(plain)
    assert [one.code for one in caught.value.recipients] == [code]
    plain.fault("none")
    plain.fault(f"rcpt_{code}", "/Maria@example.org".lower())
    refused, _ = send(plain, to=("Maria@example.org", "jo@example.org"))
    assert {address: told[0] for address, told in refused.items()} == {"Maria@example.org": code}
    assert [kept.to for kept in plain.mails()] == [("jo@example.org",)]


@pytest.mark.parametrize(
    ("fault", "code", "error"),
    [
        ("sender_550", 550, aiosmtplib.SMTPSenderRefused),
        ("data_451", 451, aiosmtplib.SMTPDataError),
        ("data_452", 452, aiosmtplib.SMTPDataError),
        ("data_552", 552, aiosmtplib.SMTPDataError),
        ("data_554", 554, aiosmtplib.SMTPDataError),
        ("greeting_421", 421, aiosmtplib.SMTPConnectError),
        ("greeting_554", 554, aiosmtplib.SMTPConnectError),
    ],
)
def test_refusals(plain: Sink, fault: str, code: int, error: type[aiosmtplib.SMTPException]) -> None:
    """Once with that code, nothing kept; then it is well again."""
    plain.next(fault)
    with pytest.raises(error) as caught:
        send(plain)
    assert str(code) in str(caught.value) or getattr(caught.value, "code", None) == code
    assert plain.mails() == []
    assert send(plain)[0] == {}


def test_too_large(plain: Sink) -> None:
    """By the announced size, and by the bytes that came."""
    large = mail()
    large.add_attachment(bytes(600_000), "application", "pdf", filename="b.pdf")
    with pytest.raises(aiosmtplib.SMTPException, match=r"552|size"):
        send(plain, large)
    with smtplib.SMTP(plain.host, plain.port, timeout=AMPLE) as line:
        line.ehlo()
        line.mail("a@example.org")
        line.rcpt("b@example.org")
        assert line.data((b"x" * 70 + b"\r\n") * 8000)[0] == 552
    assert plain.mails() == []


@pytest.mark.parametrize("fault", ["hang", "hang_end", "hang_kept", "cut_data", "cut_kept"])
def test_silence(plain: Sink, fault: str) -> None:
    """No greeting, no answer to a mail, a cut line: no client believes in success, and only two keep the mail."""
    plain.next(fault)
    with pytest.raises((aiosmtplib.SMTPException, OSError)) as caught:
        send(plain, timeout=1)
    timed_out = isinstance(caught.value, aiosmtplib.SMTPTimeoutError)
    assert timed_out == fault.startswith("hang")
    eventually(lambda: len(plain.mails()) == (1 if fault.endswith("kept") else 0))
    assert plain.calls("/DATA") == (0 if fault == "hang" else 1)
    assert send(plain)[0] == {}


def test_slow(plain: Sink) -> None:
    """Each answer comes after so many seconds."""
    plain.fault("slow", seconds=0.3)
    with smtplib.SMTP(plain.host, plain.port, timeout=AMPLE) as line:
        assert line.sock is not None
        line.sock.settimeout(0.1)
        with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
            line.docmd("NOOP")
    assert send(plain)[0] == {}


def test_refused_connections(plain: Sink) -> None:
    """Nobody listens, who was connected is reset; then it is back on the same port."""
    with smtplib.SMTP(plain.host, plain.port, timeout=AMPLE) as line:
        plain.fault("refused")
        with pytest.raises((OSError, smtplib.SMTPServerDisconnected)):
            line.noop()
    with socket.socket() as caller:
        assert caller.connect_ex((plain.host, plain.port)) == errno.ECONNREFUSED
    assert httpx.get(plain.control_url, timeout=AMPLE).json()["switched"][0]["fault"] == "refused"
    plain.fault("none")
    assert send(plain)[0] == {}


@pytest.mark.parametrize("name", ["nonsense", "refused", "error_500"])
def test_what_cannot_be_switched(plain: Sink, name: str) -> None:
    """A misspelled fault, or one of HTTP, is told here and over the control."""
    with pytest.raises(Impossible):
        plain.next(name)
    assert httpx.put(plain.control_url + "/next", json=[name], timeout=AMPLE).status_code == 422
    if name != "refused":
        assert httpx.put(plain.control_url, json={"fault": name}, timeout=AMPLE).status_code == 422
    assert httpx.put(plain.control_url + "/next", json=["data_451"], timeout=AMPLE).json() == ["data_451"]
    assert httpx.get(plain.control_url + "/next", timeout=AMPLE).json() == ["data_451"]


def test_mails_outlive_the_server(tmp_path: Path) -> None:
    """A folder's mails are there at the next start; what is none is left alone; nobody else may read them."""
    with running_smtp(Terms("none"), tmp_path / "mails") as sink:
        send(sink)
        [kept] = sink.mails()
    (tmp_path / "mails" / "note.json").write_text("{}")
    with running_smtp(Terms("none"), tmp_path / "mails") as sink:
        assert sink.mails() == [kept]
        assert sink.messages()[0]["subject"] == "Um livro — 犬"
    assert (tmp_path / "mails").stat().st_mode & 0o077 == 0
    assert {file.stat().st_mode & 0o077 for file in (tmp_path / "mails").glob(f"{kept.id}.*")} == {0}


def test_the_oldest_go(tmp_path: Path) -> None:
    """Number and bytes are bounded, the files as well; the newest stays however large it is."""
    box = Box(tmp_path / "mails", most=3, most_bytes=1000)
    box.open()

    def keep(subject: str, size: int) -> None:
        box.keep(f"Subject: {subject}\r\n\r\n".encode() + bytes(size), "a@x", ["b@x"], tls=False, user="")

    for subject in "1234":
        keep(subject, 10)
    assert [kept.subject for kept in box.all()] == ["2", "3", "4"]
    keep("5", 985)
    assert [kept.subject for kept in box.all()] == ["5"]
    keep("6", 5000)
    assert [kept.subject for kept in box.all()] == ["6"]
    assert len([*box.folder.iterdir()]) == 2


def test_a_full_disk(tmp_path: Path) -> None:
    """What cannot be kept is refused for now; the server goes on."""
    with running_smtp(Terms("none"), tmp_path / "mails") as sink:
        (tmp_path / "mails").rename(tmp_path / "away")
        with pytest.raises(aiosmtplib.SMTPDataError, match="452"):
            send(sink)
        (tmp_path / "away").rename(tmp_path / "mails")
        assert send(sink)[0] == {}


def test_unreadable_heads(plain: Sink) -> None:
    """Whatever a sender writes is kept and can be listed."""
    with smtplib.SMTP(plain.host, plain.port, timeout=AMPLE) as line:
        line.sendmail("a@example.org", "b@example.org", b"Subject: \xff\xfe =?utf-8?b?!!?=\r\nDate: never\r\n\r\nx")
        line.sendmail("a@example.org", "b@example.org", b"no head at all")
    assert len(json.loads(httpx.get(plain.control_url + "/mails", timeout=AMPLE).text)) == 2


def test_a_page_of_mails(plain: Sink) -> None:
    """Some of the newest mails with certain words, behind others, and how many there are of them."""
    for _ in range(3):
        plain.do(lambda: plain._site.box.keep(b"Subject: a Book\r\n\r\n", "a@b", ["c@d"], tls=False, user=""))
    plain.do(lambda: plain._site.box.keep(b"Subject: other\r\n\r\n", "a@b", ["c@d"], tls=False, user=""))
    found = httpx.get(f"{plain.control_url}/mails", params={"take": "1", "skip": "1", "search": "BOOK"}).json()
    assert (found["total"], [one["id"] for one in found["mails"]]) == (3, [plain.mails()[1].id])
    assert httpx.get(f"{plain.control_url}/mails/{plain.mails()[0].id}/told").json()["subject"] == "a Book"
    assert httpx.get(f"{plain.control_url}/mails/none/told").status_code == 404
    assert httpx.get(f"{plain.control_url}/mails", params={"take": "x"}).status_code == 422
