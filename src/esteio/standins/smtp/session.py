"""One connection to the server, faults included. Imports aiosmtpd, so it is loaded only when the server opens."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as Talk

from esteio.standins.faults import Fault
from esteio.standins.smtp.box import Box
from esteio.standins.smtp.papers import Papers
from esteio.standins.smtp.terms import REPLIES, Terms

LOG = logging.getLogger(__name__)
FOREVER = 86_400.0
SLOW_SECONDS = 1.0
NAME = "localhost"
Faulty = Callable[[str], Fault]
"""The fault that a connection meets, for an address or "" for none."""


class Session(SMTP):
    """What is said on one connection, whose fault was chosen when it came."""

    def __init__(self, box: Box, terms: Terms, papers: Papers | None, faulty: Faulty, count: Callable[[str], None]):
        self._box = box
        self._terms = terms
        self._faulty = faulty
        self._count = count
        self._fault = faulty("")
        upgrade = papers and terms.tls == "starttls" and self._fault.name != "no_starttls"
        super().__init__(
            self,
            data_size_limit=terms.largest,
            enable_SMTPUTF8=True,
            hostname=NAME,
            ident="ESMTP stand-in",
            tls_context=papers.shown(self._fault.name) if papers and upgrade else None,
            require_starttls=bool(upgrade),
            timeout=FOREVER,
            auth_require_tls=bool(upgrade),
            authenticator=self._authenticated,
            loop=asyncio.get_running_loop(),
        )
        self._auth_required = bool(terms.user)  # not by its argument: that warns where TLS is not asked for

    def abort(self) -> None:
        """End the connection with a reset."""
        transport = self._original_transport or self.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()

    async def _cut(self) -> None:
        """End it here: whoever waits for this is cancelled when the connection is gone."""
        self.abort()
        await asyncio.sleep(FOREVER)

    async def handle_exception(self, error: Exception) -> str:
        """What cannot be kept is refused for now, and told to whoever runs the server."""
        LOG.error("a mail could not be taken: %s", error)
        return "452 4.3.1 Insufficient system storage" if isinstance(error, OSError) else "451 4.3.0 Local error"

    async def _handle_client(self) -> None:
        self._count("connect")
        if self._fault.name == "hang":
            await asyncio.sleep(self._fault.seconds or FOREVER)
        if self._fault.name.startswith("greeting_"):
            await self.push(REPLIES[self._fault.name])
            assert self.transport is not None
            self.transport.close()
            return
        await super()._handle_client()

    async def push(self, status: Any) -> None:
        if self._fault.name == "slow":
            await asyncio.sleep(self._fault.seconds or SLOW_SECONDS)
        await super().push(status)

    async def handle_MAIL(self, _: SMTP, _talk: Talk, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        self._count("MAIL")
        fault = self._faulty(address).name
        if fault == "sender_550":
            return REPLIES[fault]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, _: SMTP, _talk: Talk, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        self._count("RCPT")
        fault = self._faulty(address).name
        if fault.startswith("rcpt_"):
            return REPLIES[fault]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        if self._met() != "cut_data" or self.envelope is None or not self.envelope.rcpt_tos:
            await super().smtp_DATA(arg)
            return
        self._count("DATA")
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        await self._reader.readuntil(b"\r\n")
        await self._cut()

    async def handle_DATA(self, _: SMTP, talk: Talk, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self._count("DATA")
        fault = self._met()
        if fault in REPLIES and fault.startswith("data_"):
            return REPLIES[fault]
        if fault == "hang_end":
            await asyncio.sleep(FOREVER)
        self._keep(talk, envelope)
        if fault == "hang_kept":
            await asyncio.sleep(FOREVER)
        if fault == "cut_kept":
            await self._cut()
        return "250 2.0.0 OK: kept"

    def _met(self) -> str:
        """The fault of the mail: the connection's, or that of one of its recipients."""
        addresses = self.envelope.rcpt_tos if self.envelope else []
        found = [self._faulty(address).name for address in addresses]
        return next((name for name in found if name != "none"), self._fault.name)

    def _keep(self, talk: Talk, envelope: Envelope) -> None:
        content = envelope.original_content or b""
        login = getattr(talk.auth_data, "login", b"") or b""
        sender, to = str(envelope.mail_from), [str(one) for one in envelope.rcpt_tos]
        secure = self.transport is not None and self.transport.get_extra_info("ssl_object") is not None
        self._box.keep(content, sender, to, tls=secure, user=login.decode("utf-8", "replace"))
        self._count("kept")

    def _authenticated(self, _: SMTP, talk: Talk, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        self._count("AUTH")
        if self._fault.name.startswith("login_"):
            return AuthResult(success=False, handled=False, message=REPLIES[self._fault.name])
        assert isinstance(data, LoginPassword)
        right = not self._terms.user or (
            hmac.compare_digest(data.login, self._terms.user.encode())
            and hmac.compare_digest(data.password, self._terms.password.encode())
        )
        return AuthResult(success=right, handled=False, auth_data=data)
