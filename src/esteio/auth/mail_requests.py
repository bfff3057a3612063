"""How many mails of one kind an address is sent in a day, the same for addresses that have no account."""

from datetime import timedelta
from math import ceil

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.settings import AuthSettings
from esteio.auth.tables import MailRequest
from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.base.errors import RateLimited

DAY = timedelta(days=1)

_CHARGE = text(
    """
    INSERT INTO mail_requests AS r (digest, asked, since) VALUES (:digest, 1, :now)
    ON CONFLICT (digest) DO UPDATE SET
        asked = CASE WHEN r.since <= :before THEN 1 ELSE r.asked + 1 END,
        since = CASE WHEN r.since <= :before THEN :now ELSE r.since END
    WHERE r.since <= :before OR r.asked < :most
    RETURNING asked
    """
)
_FORGET = text(
    "DELETE FROM mail_requests WHERE digest IN "
    "(SELECT digest FROM mail_requests WHERE since <= :before LIMIT 20 FOR UPDATE SKIP LOCKED)"
)


class MailRequests:
    """Counts in PostgreSQL, in the transaction that asks for the mail: what is rolled back was not asked for."""

    def __init__(self, keyring: Keyring, clock: Clock, settings: AuthSettings) -> None:
        self._keyring = keyring
        self._clock = clock
        self._most = settings.mails_a_day

    async def charge(self, session: AsyncSession, what: str, whom: str, *, times: int = 1) -> None:
        """Count a mail of the kind `what`. Raises `RateLimited` with the seconds to wait when the day has had its most.

        `whom` is the address it goes to, or the account that has it sent to others; `times` so many are the most.
        """
        if (wait := await self._charged(session, what, whom, times)) is not None:
            words = "This was mailed as often as it may be in a day: try again after the seconds in Retry-After."
            raise RateLimited(words, headers={"Retry-After": str(wait)})

    async def admits(self, session: AsyncSession, what: str, whom: str) -> bool:
        """The same for a mail that nobody waits for: whether it may go."""
        return await self._charged(session, what, whom) is None

    async def _charged(self, session: AsyncSession, what: str, whom: str, times: int = 1) -> int | None:
        digest, now = self._keyring.digest("mail-request", f"{what}\n{whom}".encode()), self._clock.now()
        before = now - DAY
        await session.execute(_FORGET, {"before": before})
        values = {"digest": digest, "now": now, "before": before, "most": self._most * times}
        if await session.scalar(_CHARGE, values) is not None:
            return None
        since = await session.scalar(select(MailRequest.since).where(MailRequest.digest == digest))
        return max(1, ceil(((since or now) + DAY - now).total_seconds()))
