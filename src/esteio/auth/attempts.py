"""The growing delay between failed logins of one account from one address, the same for accounts that do not exist.

An attempt is charged before the password is looked at and taken back when it was right, so that a hundred guesses at
once are no way around the delay.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.settings import AuthSettings
from esteio.auth.tables import LoginAttempt
from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.base.errors import RateLimited
from esteio.db.database import Database
from esteio.db.transaction import transaction

_CHARGE = text(
    """
    INSERT INTO login_attempts AS a (digest, failures, last_at, blocked_until)
    VALUES (:digest, 1, :now,
            CAST(:now AS timestamptz) + interval '1 s' * CASE WHEN :free <= 1 THEN :first ELSE 0 END)
    ON CONFLICT (digest) DO UPDATE SET
        failures = CASE WHEN a.last_at < :forgotten THEN 1 ELSE a.failures + 1 END,
        last_at = :now,
        blocked_until = CAST(:now AS timestamptz) + interval '1 s' * CASE
            WHEN a.last_at < :forgotten OR a.failures + 1 < :free THEN 0
            ELSE least(:longest, :first * power(2, least(a.failures + 1 - :free, 30))) END
    WHERE a.blocked_until <= :now
    RETURNING failures
    """
)
_FORGET = text(
    "DELETE FROM login_attempts WHERE digest IN (SELECT digest FROM login_attempts "
    "WHERE last_at < :forgotten LIMIT 20 FOR UPDATE SKIP LOCKED)"
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A charged attempt. `delayed` says that it was the last before a delay: the next one has to wait."""

    digest: bytes
    delayed: bool


class Attempts:
    """Counts in PostgreSQL, so that every process sees the same and a restart forgives nothing."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, settings: AuthSettings) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._settings = settings

    async def charge(self, account: str, address: str) -> Attempt:
        """Count an attempt. Raises `RateLimited` with the seconds to wait while the delay runs."""
        digest = self._digest(account, address)
        now = self._clock.now()
        async with transaction(self._database, None) as session:
            forgotten = now - timedelta(hours=self._settings.attempts_forgotten_hours)
            await session.execute(_FORGET, {"forgotten": forgotten})
            failures = await session.scalar(_CHARGE, self._values(digest, now, forgotten))
            if failures is None:
                until = await session.scalar(select(LoginAttempt.blocked_until).where(LoginAttempt.digest == digest))
                raise _delayed(until or now, now)
        return Attempt(digest, delayed=failures >= self._settings.attempts_free)

    async def forgive(self, session: AsyncSession, attempt: Attempt) -> None:
        """The password was right: the account starts anew from this address."""
        await session.execute(delete(LoginAttempt).where(LoginAttempt.digest == attempt.digest))

    async def forget(self, session: AsyncSession, account: str, address: str) -> None:
        """The account has got another password from this address: it starts anew from here."""
        await session.execute(delete(LoginAttempt).where(LoginAttempt.digest == self._digest(account, address)))

    def _digest(self, account: str, address: str) -> bytes:
        return self._keyring.digest("login-attempt", f"{account}\n{address}".encode())

    def _values(self, digest: bytes, now: datetime, forgotten: datetime) -> dict[str, object]:
        return {
            "digest": digest,
            "now": now,
            "forgotten": forgotten,
            "free": self._settings.attempts_free,
            "first": self._settings.attempt_delay_seconds,
            "longest": self._settings.attempt_delay_longest,
        }


def _delayed(until: datetime, now: datetime) -> RateLimited:
    seconds = max(1, ceil((until - now).total_seconds()))
    return RateLimited(
        "Too many failed logins: try again after the seconds in Retry-After.", headers={"Retry-After": str(seconds)}
    )
