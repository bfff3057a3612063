"""What may become of a letter that was not accepted.

No words hold a password, or an address in clear. `reply` is the server's code where one was given, `said` what it
said with it, cleaned and cut.
"""

from typing import Literal

from esteio.base.errors import EsteioError, Unavailable

What = Literal["letter", "sender", "recipient", "content"]
Why = Literal["setup", "connect", "timeout", "tls", "certificate", "login", "protocol", "broken"]

AGAIN = 60


class MailRefused(EsteioError):
    """Final: the same letter would be refused again. `what` says which part of it."""

    code = "MAIL_REFUSED"
    status = 422
    title = "The mail was refused"
    words = "The mail cannot be delivered: it was refused for good."

    def __init__(
        self,
        detail: str | None = None,
        *,
        what: What = "letter",
        reply: int | None = None,
        said: str = "",
        operator: str | None = None,
    ) -> None:
        super().__init__(detail, operator=operator)
        self.what = what
        self.reply = reply
        self.said = said


class MailDelayed(Unavailable):
    """The server says: not now. Nothing was delivered; try again later."""

    code = "MAIL_DELAYED"
    title = "The mail server asks to try later"
    words = "The mail server does not take the mail at the moment."

    def __init__(self, detail: str | None = None, *, reply: int, said: str = "", operator: str | None = None) -> None:
        super().__init__(detail, retry_after=AGAIN, operator=operator)
        self.reply = reply
        self.said = said


class MailUnavailable(Unavailable):
    """No server to hand it to, for a reason that is the operator's to mend. Nothing was delivered; try again later."""

    code = "MAIL_UNAVAILABLE"
    title = "No mail can be sent"
    words = "Mail cannot be sent at the moment."

    def __init__(self, *, why: Why, reply: int | None = None, said: str = "", operator: str | None = None) -> None:
        super().__init__(retry_after=AGAIN, operator=operator)
        self.why = why
        self.reply = reply
        self.said = said


class MailUncertain(EsteioError):
    """The mail was handed over and no answer came: it may or may not have gone. To repeat it may send it twice."""

    code = "MAIL_UNCERTAIN"
    status = 502
    title = "It is unknown whether the mail went"
    words = "The mail was handed to the server, which did not say whether it took it."
