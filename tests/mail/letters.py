"""Letters of tests, and mailers to send them with."""

from collections.abc import Awaitable, Callable
from typing import Any

from esteio.base.clock import SystemClock
from esteio.mail.letter import Attachment, Letter
from esteio.mail.mailer import Mailer
from esteio.mail.settings import MailSettings

HOSTILE = 'Rex <script> & "Füß" 犬 #{1+1} $x$'
RECIPIENT = "ana.souza@example.com"


def letter(**changes: Any) -> Letter:
    given: dict[str, Any] = {
        "id": "order-7",
        "to": RECIPIENT,
        "to_name": "Ana Souza",
        "subject": "O livro do Rex",
        "text": "Olá!\n.\n..\nAté já.\n",
        "html": "<p>Olá!</p>\n",
        "language": "pt-BR",
    }
    return Letter(**{**given, **changes})


def pdf(size: int, name: str = "livro.pdf") -> Attachment:
    return Attachment(name, "application/pdf", (bytes(range(256)) * (size // 256 + 1))[:size])


def mailer(port: int, **changes: Any) -> Mailer:
    given: dict[str, Any] = {
        "server": "localhost",
        "port": port,
        "tls": "none",
        "from_address": "books@shop.example.org",
        "from_name": "PetStory",
        "timeout": 30,
        "answer_timeout": 30,
    }
    return Mailer(MailSettings(**{**given, **changes}), SystemClock())


class Handing:
    """Counts how often it was awaited, and does then what it is told."""

    def __init__(self, then: Callable[[], Awaitable[None]] | None = None) -> None:
        self.times = 0
        self._then = then

    async def __call__(self) -> None:
        self.times += 1
        if self._then is not None:
            await self._then()
