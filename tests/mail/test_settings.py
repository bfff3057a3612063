"""Settings of mail that cannot work, or would show a password to the network, stop the start with words."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from esteio.base.errors import StartRefused
from esteio.mail.settings import MailSettings
from esteio.settings import read_settings

GOOD = {"server": "smtp.example.org", "from_address": "books@example.org"}


@pytest.mark.parametrize(
    ("port", "tls", "wrapping"),
    [(587, "auto", "starttls"), (25, "auto", "starttls"), (465, "auto", "tls"), (465, "starttls", "starttls")],
)
def test_tls_by_port(port: int, tls: Any, wrapping: str) -> None:
    """TLS at once on 465, STARTTLS on every other port, unless it is said otherwise; never silently without."""
    assert MailSettings(**GOOD, port=port, tls=tls).wrapping == wrapping


@pytest.mark.parametrize("server", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1"])
def test_without_tls_on_this_machine(server: str) -> None:
    """`none` is taken for a server that only this machine can hear."""
    assert MailSettings(**GOOD | {"server": server}, tls="none").wrapping == "none"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tls": "none"}, "for a server on localhost"),
        ({"tls": "none", "server": "localhost.example.org"}, "for a server on localhost"),
        ({"tls": "none", "server": "10.0.0.1"}, "for a server on localhost"),
        ({"user": "books"}, "ESTEIO_MAIL__PASSWORD is not set"),
        ({"password": "hush-password"}, "ESTEIO_MAIL__USER is not set"),
        ({"from_address": ""}, "set ESTEIO_MAIL__FROM_ADDRESS"),
        ({"from_address": "PetStory <books@example.org>"}, "before the @"),
        ({"from_address": "füß@example.org"}, "plain ASCII"),
        ({"from_name": "PetStory\r\nBcc: x@y.org"}, "line break"),
        ({"from_address": "books@example.org\n"}, "line break"),
        ({"user": "a\r\nb", "password": "c"}, "line break"),
        ({"user": "a", "password": "hush-password\n"}, "line break"),
        ({"server": "smtp.example.org\r\nQUIT"}, "line break"),
        ({"server": "smtp://smtp.example.org"}, "without smtp://"),
        ({"server": "smtp.example.org:587"}, "without a port"),
        ({"hello": "a b"}, "pattern"),
    ],
)
def test_refused(changes: dict[str, Any], words: str) -> None:
    """Each thing that cannot be is refused, with words that say what to do."""
    with pytest.raises(ValidationError, match=words):
        MailSettings(**GOOD | changes)


def test_refused_at_the_start() -> None:
    """The names that operators know are read, and what is wrong with them is said without the password."""
    given = {
        "ESTEIO_SECRET_KEY": "x" * 40,
        "ESTEIO_DATABASE__URL": "postgresql://x@h/d",
        "ESTEIO_REDIS__URL": "redis://h/0",
        "SMTP_SERVER": "smtp.example.org",
        "SMTP_PORT": "587",
        "SMTP_USER": "",
        "SMTP_PASSWORD": "hush-password",
        "EMAIL_FROM": "books@example.org",
    }
    with pytest.raises(StartRefused, match="ESTEIO_MAIL__USER is not set") as caught:
        read_settings({}, given, Path("nowhere"))
    assert "hush-password" not in str(caught.value)
    mail = read_settings({}, given | {"SMTP_USER": "books"}, Path("nowhere")).mail
    assert (mail.server, mail.user, mail.password.get_secret_value()) == ("smtp.example.org", "books", "hush-password")
