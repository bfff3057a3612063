"""The server behind its door."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from typing import TYPE_CHECKING
from weakref import WeakSet

from esteio.standins.door import CONNECTIONS_WAITING, Door
from esteio.standins.faults import Fault, Faults
from esteio.standins.smtp.papers import made_papers
from esteio.standins.smtp.site import Smtp
from esteio.standins.smtp.terms import COMMON, WORDS
from esteio.standins.stand_in import LOOPBACK, StandIn

if TYPE_CHECKING:
    from esteio.standins.smtp.session import Session


class MailDoor(Door):
    """A door behind which SMTP is spoken."""

    scheme = "smtp"

    def __init__(self, server: MailServer, host: str, port: int) -> None:
        super().__init__(host, port, server.receive)
        self._mail = server
        self._sessions: WeakSet[Session] = WeakSet()

    async def _served(self, held: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        encrypted = self._mail.encrypted()
        return await loop.create_server(self._session, sock=held, backlog=CONNECTIONS_WAITING, ssl=encrypted)

    def _session(self) -> Session:
        made = self._mail.session()
        self._sessions.add(made)
        return made

    def _end(self) -> None:
        super()._end()
        for one in list(self._sessions):
            one.abort()
        self._sessions.clear()


class MailServer(StandIn):
    """A mail server on this machine; all of it runs in one event loop.

    What opens it raises `OSError` where the folder of its mails cannot be had, `ImportError` without aiosmtpd.
    """

    def __init__(self, site: Smtp, host: str = LOOPBACK, port: int = 0) -> None:
        super().__init__(site, host, port)
        self.faults = Faults(WORDS, COMMON)
        self.door = MailDoor(self, host, port)
        self._smtp = site
        self._met = Fault()
        self._spoken: type[Session] | None = None

    async def receive(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Nobody comes this way: the door makes a session for each connection."""
        writer.close()

    async def settle(self) -> None:
        if self._spoken is None:
            from esteio.standins.smtp.session import Session  # of an extra: only who opens a server needs it

            self._smtp.box.open()
            self._smtp.papers = made_papers() if self._smtp.terms.tls != "none" else None
            logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of what it does itself
            self._spoken = Session
        await super().settle()

    def encrypted(self) -> ssl.SSLContext | None:
        """For the door, where TLS begins at once; which certificate is shown is decided when somebody came."""
        papers = self._smtp.papers
        if papers is None or self._smtp.terms.tls != "tls":
            return None

        def decide(line: ssl.SSLObject, *_: object) -> None:
            line.context = papers.shown(self._met.name)

        made = papers.shown()
        made.sni_callback = decide
        return made

    def session(self) -> Session:
        """What a connection that came just now is spoken to by."""
        assert self._spoken is not None, "it was not opened"
        due = Fault(self._smtp.due.popleft()) if self._smtp.due else None

        def faulty(address: str) -> Fault:
            return due or self.faults.toward(f"/{address.lower()}")

        self._met = faulty("")
        return self._spoken(self._smtp.box, self._smtp.terms, self._smtp.papers, faulty, self._count)

    def _count(self, what: str) -> None:
        self.calls[f"/{what}"] += 1
