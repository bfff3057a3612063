"""One conversation with the server, in which the end of the message is a step of its own.

aiosmtplib sends a message and its last dot at once. Between the two the caller has to write down that the mail is being
handed over, so DATA, the message and the dot are three steps here: the first and the last are commands of the client,
the message goes through asyncio's own stream writer, for which the client's protocol is made.
"""

import asyncio
import ssl
from typing import cast

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPResponse, SMTPServerDisconnected, SMTPTimeoutError

from esteio.mail.composing import Composed
from esteio.mail.errors import MailRefused, MailUnavailable, MailUncertain
from esteio.mail.failures import Failures
from esteio.mail.reaching import reached
from esteio.mail.settings import MailSettings

PIECE = 262_144
GO_AHEAD = 354
NOT_THIS_WAY = 504
"""The server does not know the way to log in although it has offered it (RFC 4954, 4)."""

WAYS = ("plain", "login", "cram-md5")


class Connection:
    """Steps in this order: `open`, `address`, `send`, `finish`; then `leave` or, after any failure, `drop`."""

    def __init__(self, settings: MailSettings, hello: str, context: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._failures = Failures(settings)
        self._client = SMTP(
            hostname=settings.server.rstrip("."),  # the name in the certificate; the connection is made here
            local_hostname=hello,
            timeout=None,  # the whole is bounded by whoever calls
            use_tls=settings.wrapping == "tls",
            start_tls=False,
            tls_context=context,
        )
        self._writer: asyncio.StreamWriter | None = None
        self.step = "connecting"

    @property
    def connected(self) -> bool:
        """Whether nothing is known of an end of the connection."""
        return self._client.is_connected

    async def open(self) -> None:
        """Connect, put on TLS where it is demanded, and log in where a user is set."""
        line = await reached(self._settings.server, self._settings.port, self._settings.timeout)
        with self._failures.told("connecting", "connect"):
            await self._client.connect(sock=line)
        with self._failures.told("EHLO"):
            await self._client.ehlo()
        if self._settings.wrapping == "starttls":
            await self._wrap()
        if self._settings.user:
            self.step = "logging in"
            await self._log_in()

    async def address(self, sender: str, mail: Composed) -> None:
        """MAIL, RCPT and DATA: after this the server waits for the message."""
        options = self._options(mail)
        encoding = "utf-8" if mail.recipient.international else "ascii"
        self.step = "MAIL FROM"
        with self._failures.told(self.step):
            await self._client.mail(sender, options=options, encoding=encoding)
        self.step = f"RCPT TO {mail.recipient.masked}"
        with self._failures.told(self.step):
            await self._client.rcpt(str(mail.recipient), encoding=encoding)
        self.step = "DATA"
        with self._failures.told(self.step):
            answer = await self._client.execute_command(b"DATA")
        if answer.code != GO_AHEAD:
            raise self._failures.answer(answer.code, answer.message, self.step, "content")

    async def send(self, wire: bytes) -> None:
        """The whole message without its last dot, handed to the system; TLS may still hold the last of it back."""
        self.step = "sending the message"
        writer = self._write()
        with self._failures.told(self.step, "broken"):
            for start in range(0, len(wire), PIECE):
                writer.write(wire[start : start + PIECE])
                await writer.drain()

    async def finish(self) -> SMTPResponse:
        """The dot, and the server's answer to it. Raises `MailUncertain` when none comes that says yes or no."""
        self.step = "the end of the message"
        await asyncio.sleep(0)  # lets in what has come of an end of the connection
        if not self.connected:
            raise MailUnavailable(why="broken", operator="the server hung up before the end of the message")
        try:
            answer = await self._client.execute_command(b".")
        except (SMTPServerDisconnected, SMTPTimeoutError, OSError) as error:
            raise MailUncertain(operator=f"after the last dot: {self._failures.said(str(error))}") from None
        except Exception as error:
            raise MailUncertain(operator=f"after the last dot: {type(error).__name__}") from None
        return self._judged(answer)

    def leave(self) -> None:
        """Say goodbye and wait for nothing."""
        if self._writer is not None and self.connected:
            self._writer.write(b"QUIT\r\n")
            self._writer.close()
        self._client.close()

    def drop(self) -> None:
        """Hang up at once, with whatever was not sent yet. Harmless when all is over."""
        transport = self._writer.transport if self._writer is not None else self._client.transport
        if transport is not None and not transport.is_closing():
            cast(asyncio.WriteTransport, transport).abort()
        self._client.close()

    async def _wrap(self) -> None:
        self.step = "STARTTLS"
        if not self._client.supports_extension("starttls"):
            raise MailUnavailable(why="tls", operator="the server offers no STARTTLS, and nothing is sent without it")
        with self._failures.told(self.step, "tls"):
            await self._client.starttls()
        with self._failures.told("EHLO"):
            await self._client.ehlo()

    async def _log_in(self) -> None:
        offered = [way for way in WAYS if way in self._client.server_auth_methods]
        if not offered:
            raise MailUnavailable(why="login", operator="the server offers no way to log in that is known here")
        with self._failures.told(self.step, "login"):
            for way in offered:
                try:
                    await self._by(way)
                    return
                except SMTPAuthenticationError as error:
                    if error.code != NOT_THIS_WAY or way == offered[-1]:
                        raise

    async def _by(self, way: str) -> None:
        user, password = self._settings.user, self._settings.password.get_secret_value()
        if way == "plain":
            await self._client.auth_plain(user, password)
        elif way == "login":
            await self._client.auth_login(user, password)
        else:
            await self._client.auth_crammd5(user, password)

    def _options(self, mail: Composed) -> list[str]:
        options = [f"SIZE={mail.size}"] if self._client.supports_extension("size") else []
        if mail.recipient.international:
            if not self._client.supports_extension("smtputf8"):
                raise MailRefused(
                    "The mail server takes no address with letters beyond ASCII before the @.", what="recipient"
                )
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        return options

    def _write(self) -> asyncio.StreamWriter:
        """A writer that waits until nothing is left in the transport. It is kept, since it closes what it leaves."""
        transport, protocol = cast(asyncio.WriteTransport | None, self._client.transport), self._client.protocol
        if transport is None or protocol is None:
            raise MailUnavailable(why="broken", operator="the server hung up before the message")
        transport.set_write_buffer_limits(high=1, low=0)
        self._writer = asyncio.StreamWriter(transport, protocol, None, asyncio.get_running_loop())
        return self._writer

    def _judged(self, answer: SMTPResponse) -> SMTPResponse:
        if 250 <= answer.code < 260:  # another 2xx, such as a goodbye, does not say that it took the mail
            return answer
        if 400 <= answer.code < 600:
            raise self._failures.answer(answer.code, answer.message, self.step, "content")
        said = self._failures.said(answer.message)
        raise MailUncertain(operator=f"after the last dot: {answer.code} {said}")
