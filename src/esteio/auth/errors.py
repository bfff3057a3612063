"""Refusals of this package that have a page of their own."""

from esteio.base.errors import Forbidden, Unavailable


class MailOff(Unavailable):
    """No mail server is set, so that nobody waits for a mail that is never sent."""

    code = "MAIL_OFF"
    title = "This deployment sends no mail"
    words = "This deployment sends no mail: ask an administrator for help with your account."


class NotSameOrigin(Forbidden):
    """A page of another origin, or no page at all, asks for the session that a browser keeps in its cookie."""

    code = "NOT_SAME_ORIGIN"
    title = "The request is not from a page of this origin"
    words = "A session in a cookie is for pages of this origin alone: send the refresh token in the body instead."


class EmailNotVerified(Forbidden):
    """The password was right."""

    code = "EMAIL_NOT_VERIFIED"
    title = "The e-mail address is not confirmed"
    words = "Confirm your e-mail address first, by the link in the mail that was sent to it."
