"""A real SMTP server in a thread, which keeps what it takes."""

import ssl
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "books", "hush-mail-Füß"


@dataclass(frozen=True)
class Delivered:
    sender: str
    recipients: list[str]
    content: bytes
    tls: bool
    logged_in: bool

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.content, policy=default)
        assert isinstance(found, EmailMessage)
        return found


class Post:
    """`rcpt` and `data` are what it answers there instead of taking the mail."""

    def __init__(
        self, port: int, *, rcpt: str = "", data: str = "", certificate: trustme.LeafCert | None = None, **terms: Any
    ) -> None:
        self.port = port
        self.delivered: list[Delivered] = []
        self._rcpt = rcpt
        self._data = data
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            certificate.configure_cert(context)
            terms["ssl_context" if terms.pop("at_once", False) else "tls_context"] = context
        self._controller = Controller(self, hostname="127.0.0.1", port=port, **terms)
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._rcpt:
            return self._rcpt.format(address=address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._data:
            return self._data
        assert isinstance(envelope.content, bytes)
        self.delivered.append(
            Delivered(
                str(envelope.mail_from),
                [str(recipient) for recipient in envelope.rcpt_tos],
                envelope.content,
                session.ssl is not None or self._controller.ssl_context is not None,
                bool(session.authenticated),
            )
        )
        return "250 2.0.0 taken as 4711"


def by_password(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    """Lets one user in."""
    assert isinstance(data, LoginPassword)
    right = data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)
