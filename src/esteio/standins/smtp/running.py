"""The mail server for the time of a block: `with running_smtp() as sink: …`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from esteio.standins.running import Running, running
from esteio.standins.smtp.box import Box, Kept
from esteio.standins.smtp.server import MailServer
from esteio.standins.smtp.site import Smtp
from esteio.standins.smtp.terms import Terms


class Sink(Running):
    """A running mail server. `calls("/connect")`, `/MAIL`, `/RCPT`, `/DATA`, `/AUTH`, `/kept` count.

    A fault's path is "/" and a recipient's (for `sender_550` the sender's) address.
    """

    _site: Smtp
    _folder: Path

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    @property
    def ca_file(self) -> Path:
        """The PEM of the authority by which its certificate can be trusted."""
        assert self._site.papers is not None, "it does not encrypt"
        file = self._folder / "authority.pem"
        file.write_text(self._site.papers.authority)
        return file

    def next(self, *names: str) -> None:
        """The faults of the next connections, one each, instead of those that were due. Raises `Impossible`."""
        self.do(lambda: self._site.tell(*names))

    def mails(self) -> list[Kept]:
        """What was taken, the oldest first."""
        return self.do(self._site.box.all)

    def raw(self, number: str) -> bytes:
        """A mail as it was sent. Raises `KeyError`."""
        return self.do(lambda: self._site.box.content(number))

    def messages(self) -> list[EmailMessage]:
        """The same as `mails`, read."""
        return [message_from_bytes(self.raw(one.id), EmailMessage, policy=policy.default) for one in self.mails()]


@contextmanager
def running_smtp(terms: Terms | None = None, folder: Path | None = None, port: int = 0) -> Iterator[Sink]:
    """The server on a free port (or this one) of the loopback address until the block ends.

    Without a folder the mails are gone then.
    """
    with tempfile.TemporaryDirectory(prefix="esteio-standin-") as own:
        site = Smtp(Box(folder or Path(own) / "mails"), terms or Terms())
        with running(site, Sink, port, MailServer) as sink:
            sink._site, sink._folder = site, Path(own)
            yield sink
