"""Hands a letter to the operator's mail server."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from esteio.base.clock import Clock
from esteio.base.errors import EsteioError
from esteio.mail.addresses import Mailbox
from esteio.mail.composing import Composed, Sender, compose
from esteio.mail.connection import Connection
from esteio.mail.errors import MailDelayed, MailRefused, MailUnavailable, MailUncertain
from esteio.mail.failures import Failures
from esteio.mail.letter import Letter
from esteio.mail.metrics import mail_seconds, mails
from esteio.mail.settings import MailSettings
from esteio.telemetry.logs import log

_OUTCOMES: dict[type[EsteioError], str] = {
    MailRefused: "refused",
    MailDelayed: "delayed",
    MailUnavailable: "unavailable",
    MailUncertain: "uncertain",
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server has taken the mail and is now answerable for it. `answer` is what it said, often its number there."""

    message_id: str
    code: int
    answer: str
    size: int


class Mailer:
    """Opens nothing before a letter is sent, and nothing is kept open between two."""

    def __init__(self, settings: MailSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._failures = Failures(settings)
        self._context: ssl.SSLContext | None = None

    @property
    def configured(self) -> bool:
        """Whether there is a server to send through."""
        return bool(self._settings.server)

    @property
    def largest_attachments(self) -> int:
        """Bytes that the files of one letter may have together."""
        return self._settings.largest_attachments

    async def send(self, letter: Letter, *, handing_over: Callable[[], Awaitable[None]]) -> Accepted:
        """Send a letter to its one recipient.

        When all of it has been sent but the dot that ends it, `handing_over` is awaited: there the caller commits that
        the mail is being handed over. What it raises is raised, and nothing is delivered. Only after it can the mail be
        delivered at all, so a process that ends before has sent nothing.

        Raises `MailRefused` (final), `MailDelayed` and `MailUnavailable` (not delivered, to be tried again) and, only
        after `handing_over`, `MailUncertain`. Takes at most `timeout` + `answer_timeout` seconds beside `handing_over`.
        """
        started, outcome = self._clock.monotonic(), "left"

        async def handing() -> None:
            nonlocal outcome
            await handing_over()
            outcome = "uncertain"

        try:
            accepted = await self._send(letter, handing)
            outcome = "accepted"
        except (MailRefused, MailDelayed, MailUnavailable, MailUncertain) as error:
            outcome = _OUTCOMES[type(error)]
            self._tell(letter, outcome, error.operator or error.detail)
            raise
        except asyncio.CancelledError:
            if outcome == "uncertain":
                self._tell(letter, outcome, "the end of the message: the caller did not wait for the answer")
            raise
        finally:
            mails().labels(outcome).inc()
            mail_seconds().labels(outcome).observe(self._clock.monotonic() - started)
        log("esteio.mail").info("mail.sent", id=letter.id, bytes=accepted.size, answer=accepted.answer)
        return accepted

    def _tell(self, letter: Letter, outcome: str, cause: str) -> None:
        server = f"{self._settings.server}:{self._settings.port}"
        log("esteio.mail").warning("mail.not_sent", id=letter.id, outcome=outcome, server=server, cause=cause)

    async def _send(self, letter: Letter, handing_over: Callable[[], Awaitable[None]]) -> Accepted:
        sender = self._sender()
        mail = await asyncio.to_thread(compose, letter, sender, self._clock.now(), self._settings.largest_attachments)
        hello = self._settings.hello or sender.address.domain
        connection = Connection(self._settings, hello, await self._tls())
        try:
            await self._before_the_end(connection, sender, mail)
            await handing_over()
            async with _bounded(self._settings.answer_timeout, _unanswered):
                answer = await connection.finish()
            connection.leave()
        finally:
            connection.drop()
        return Accepted(mail.message_id, answer.code, self._failures.said(answer.message), mail.size)

    async def _before_the_end(self, connection: Connection, sender: Sender, mail: Composed) -> None:
        def late() -> MailUnavailable:
            words = f"{connection.step}: not done within {self._settings.timeout:g} s"
            return MailUnavailable(why="timeout", operator=words)

        async with _bounded(self._settings.timeout, late):
            await connection.open()
            await connection.address(str(sender.address), mail)
            await connection.send(mail.wire)

    def _sender(self) -> Sender:
        if not self.configured:
            raise MailUnavailable(why="setup", operator="no mail server is set: ESTEIO_MAIL__SERVER")
        return Sender(Mailbox.read(self._settings.from_address), self._settings.from_name)

    async def _tls(self) -> ssl.SSLContext | None:
        """Read once, off the loop: it looks through the system's authorities."""
        if self._settings.wrapping != "none" and self._context is None:
            try:
                self._context = await asyncio.to_thread(_trusting, self._settings.ca_file)
            except (OSError, ssl.SSLError) as error:
                words = f"ESTEIO_MAIL__CA_FILE cannot be used: {type(error).__name__}: {error}"
                raise MailUnavailable(why="certificate", operator=words) from None
        return self._context


def _trusting(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def _unanswered() -> MailUncertain:
    return MailUncertain(operator="after the last dot: no answer in time")


@asynccontextmanager
async def _bounded(seconds: float, late: Callable[[], EsteioError]) -> AsyncIterator[None]:
    """At most so many seconds, then the error that says so."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise late() from None
