"""From what the SMTP client raises and the server answers to the errors of this house."""

import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from aiosmtplib import SMTPConnectError, SMTPException, SMTPRecipientRefused, SMTPResponseException, SMTPSenderRefused

from esteio.base.errors import EsteioError
from esteio.mail.addresses import masked
from esteio.mail.errors import MailDelayed, MailRefused, MailUnavailable, What, Why
from esteio.mail.headers import clean
from esteio.mail.settings import MailSettings

LONGEST_WORDS = 200
BUSY = 421
LOWEST = 200
"""Below it there is no answer: the client has a code of its own for what it cannot read."""

LOGIN_NEEDED = frozenset((530, 534, 535, 538))
"""Codes by which a server asks for another login, wherever it gives them (RFC 4954, 6)."""

_WHAT: dict[What, str] = {
    "letter": "the mail",
    "sender": "the address that it comes from",
    "recipient": "the address that it goes to",
    "content": "the content of the mail",
}


class Failures:
    """Knows what must not be repeated to anybody: the password, however it may come back."""

    def __init__(self, settings: MailSettings) -> None:
        user, password = settings.user.encode(), settings.password.get_secret_value().encode()
        forms = (password, b64encode(password), b64encode(b"\0" + user + b"\0" + password))
        self._hidden = [form.decode() for form in forms] if password else []

    @contextmanager
    def told(self, step: str, why: Why = "protocol") -> Iterator[None]:
        """Within it every failure of the client is one of ours. Only for what comes before the last dot."""
        try:
            yield
        except (SMTPException, OSError, ssl.SSLError, ValueError) as error:
            failure = self._failure(error, step, why)
        else:
            return
        # The client's error has the recipient in clear: it is no part of the traceback.
        raise failure from None

    def answer(self, code: int, words: str, step: str, what: What) -> EsteioError:
        """The error for an answer that is not the one hoped for."""
        said = self.said(words)
        operator = f"{step}: {code} {said}"
        if code in LOGIN_NEEDED:
            return MailUnavailable(why="login", reply=code, said=said, operator=operator)
        if 400 <= code < 500:
            return MailDelayed(f"The mail server asks to try later ({code}).", reply=code, said=said, operator=operator)
        if 500 <= code < 600:
            detail = f"The mail server refused {_WHAT[what]} for good ({code}: {said})."
            return MailRefused(detail, what=what, reply=code, said=said, operator=operator)
        return MailUnavailable(why="protocol", reply=code, said=said, operator=operator)

    def said(self, words: str) -> str:
        """A server's words in one short line, without addresses and secrets."""
        for hidden in self._hidden:
            words = words.replace(hidden, "***")
        return masked(clean(words))[:LONGEST_WORDS]

    def _failure(self, error: Exception, step: str, why: Why) -> EsteioError:
        if isinstance(error, SMTPResponseException) and error.code < LOWEST:
            return MailUnavailable(why="protocol", operator=f"{step}: {self.said(error.message)}")
        if isinstance(error, SMTPSenderRefused):
            return self.answer(error.code, error.message, step, "sender" if error.code != 552 else "content")
        if isinstance(error, SMTPRecipientRefused):
            return self.answer(error.code, error.message, step, "recipient")
        if isinstance(error, SMTPResponseException):
            return self._early(error, step, why)
        certificate = _certificate(error)
        if certificate is not None:
            words = self.said(certificate.verify_message)
            return MailUnavailable(why="certificate", operator=f"{step}: the server's certificate: {words}")
        # Of a connection that failed the client's own words name a port that it was not told.
        named = (error.__cause__ if isinstance(error, SMTPConnectError) else None) or error
        words = self.said(f"{type(named).__name__}: {named}")
        return MailUnavailable(why=_kind(error, why), operator=f"{step}: {words}")

    def _early(self, error: SMTPResponseException, step: str, why: Why) -> EsteioError:
        """An answer before there is talk of a mail: no fault of the mail, whatever the code."""
        if (400 <= error.code < 500 and why != "tls") or error.code == BUSY:
            return self.answer(error.code, error.message, step, "letter")
        said = self.said(error.message)
        return MailUnavailable(why=why, reply=error.code, said=said, operator=f"{step}: {error.code} {said}")


def _certificate(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__
    return error


def _kind(error: BaseException, why: Why) -> Why:
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "tls"
    return "timeout" if isinstance(error, TimeoutError) else why
