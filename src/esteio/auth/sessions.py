"""Logins that last: families of refresh tokens, each used once.

A token that is used gives its successor and keeps it, sealed with a key made from the token itself. Presented again
within the grace (10 s) while the successor is still unused, it gives the same successor: an answer that was lost on
its way does not log anybody out. Presented later, or after the successor was used, it is in two hands: the whole
family ends, and the audit log says so.

A browser that keeps its token in a cookie may be reloaded before an answer reaches it, more than once in a row, and one
of its requests may overtake another. For it the grace is longer (60 s), and leads to the newest successor, however many
there are. Who else has such a token is found out all the same, when either side comes with it after that.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.announcements import Announcements
from esteio.auth.audit import REFUSED, Audit
from esteio.auth.settings import AuthSettings
from esteio.auth.tables import LoginSession, Membership, RefreshToken, RefreshTokenDigest, Tenant, User
from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.base.ids import new_id, random_base62

PREFIX = "est_refresh_"
_RANDOM = 43
_NONCE = 12
_LONGEST_CHAIN = 100

_FORGET = text(
    "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < :now LIMIT 20 FOR UPDATE SKIP LOCKED)"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A living session and the refresh token that it may be renewed with."""

    session: UUID
    user: UUID
    tenant: UUID
    refresh: str


Ended = Literal["ended", "reused"]


class Sessions:
    """Begins, renews and ends. What it does is told to all processes when its transaction commits."""

    def __init__(
        self, keyring: Keyring, clock: Clock, settings: AuthSettings, announcements: Announcements, audit: Audit
    ) -> None:
        self._keyring = keyring
        self._clock = clock
        self._settings = settings
        self._announcements = announcements
        self._audit = audit
        self._grace = timedelta(seconds=settings.refresh_grace_seconds)
        self._cookie_grace = timedelta(seconds=settings.cookie_grace_seconds)

    def digest(self, refresh: str) -> bytes:
        """What is stored in place of a refresh token."""
        return self._keyring.digest("refresh-token", refresh.encode())

    async def begin(self, session: AsyncSession, user: UUID, epoch: int, tenant: UUID, address: str) -> Standing:
        """A new session of the account in the tenant; those that are long over are deleted in passing."""
        now = self._clock.now()
        await session.execute(_FORGET, {"now": now})
        begun = LoginSession(
            id=new_id(),
            tenant_id=tenant,
            user_id=user,
            epoch=epoch,
            address=address[:64],
            created_at=now,
            expires_at=now + timedelta(days=self._settings.session_days),
        )
        session.add(begun)
        await session.flush()
        return Standing(begun.id, user, tenant, await self._issue(session, begun, now))

    async def renew(self, session: AsyncSession, refresh: str, *, cookie: bool = False) -> Standing | Ended:
        """What a refresh token gives; the transaction must be that of its tenant, and must commit whatever this says.

        `cookie` says that a browser has presented it so: then the longer grace holds.
        "reused" when the family has been ended by this call, "ended" when there is nothing to renew.
        """
        now = self._clock.now()
        digest = self.digest(refresh)
        family = await self._locked_family(session, digest, now)
        token = await session.get(RefreshToken, digest, populate_existing=True)
        if family is None or token is None or token.expires_at <= now:
            return "ended"
        if token.used_at is None:
            following = await self._issue(session, family, now)
            token.used_at, token.successor = now, self.digest(following)
            token.sealed_successor = self._seal(refresh, following)
            return Standing(family.id, family.user_id, family.tenant_id, following)
        living = await self._living(session, refresh, token, now, cookie)
        if living is not None:
            return Standing(family.id, family.user_id, family.tenant_id, living)
        self._end_family(session, family, now)
        return "reused"

    async def end(self, session: AsyncSession, family: UUID) -> None:
        """Log out: the session and all its tokens are over."""
        ended = update(LoginSession).where(LoginSession.id == family, LoginSession.revoked_at.is_(None))
        await session.execute(ended.values(revoked_at=self._clock.now()))
        self._announcements.changed(session, "session", family)

    async def end_all(self, session: AsyncSession, user: UUID) -> int:
        """Log out everywhere, in every tenant; the account's new epoch. The transaction must see the account."""
        epoch = await session.scalar(
            update(User).where(User.id == user).values(epoch=User.epoch + 1).returning(User.epoch)
        )
        assert epoch is not None, "the transaction does not see the account"
        self._announcements.changed(session, "user", user)
        return int(epoch)

    async def end_in_tenant(self, session: AsyncSession, user: UUID) -> None:
        """End the account's sessions in the transaction's tenant."""
        await session.execute(delete(LoginSession).where(LoginSession.user_id == user))
        self._announcements.changed(session, "user", user)

    async def _locked_family(self, session: AsyncSession, digest: bytes, now: datetime) -> LoginSession | None:
        """The token's session, locked, if it and all that it rests on are in good standing."""
        family = select(RefreshToken.session_id).where(RefreshToken.digest == digest).scalar_subquery()
        found = await session.scalar(select(LoginSession).where(LoginSession.id == family).with_for_update())
        if found is None or found.revoked_at is not None or found.expires_at <= now:
            return None
        standing = (
            select(User.epoch)
            .join(Membership, Membership.user_id == User.id)
            .join(Tenant, Tenant.id == Membership.tenant_id)
            .where(User.id == found.user_id, Membership.tenant_id == found.tenant_id)
            .where(User.disabled_at.is_(None), Membership.disabled_at.is_(None), Tenant.disabled_at.is_(None))
        )
        return found if await session.scalar(standing) == found.epoch else None

    async def _issue(self, session: AsyncSession, family: LoginSession, now: datetime) -> str:
        refresh = PREFIX + random_base62(_RANDOM)
        digest = self.digest(refresh)
        until = min(now + timedelta(days=self._settings.refresh_days), family.expires_at)
        session.add(RefreshToken(digest=digest, tenant_id=family.tenant_id, session_id=family.id, expires_at=until))
        await session.flush()
        session.add(RefreshTokenDigest(digest=digest, tenant_id=family.tenant_id))
        return refresh

    async def _living(
        self, session: AsyncSession, refresh: str, token: RefreshToken, now: datetime, cookie: bool
    ) -> str | None:
        """The unused token that follows a used one within the grace."""
        grace = self._cookie_grace if cookie else self._grace
        if token.used_at is None or now - token.used_at > grace:
            return None
        for _ in range(_LONGEST_CHAIN if cookie else 1):
            refresh = self._open(refresh, token)
            following = await session.get(RefreshToken, token.successor, populate_existing=True)
            if following is None or following.used_at is None:
                return refresh if following is not None else None
            token = following
        return None

    def _end_family(self, session: AsyncSession, family: LoginSession, now: datetime) -> None:
        family.revoked_at = now
        self._announcements.changed(session, "session", family.id)
        self._audit.write(
            session,
            "session.refresh_reused",
            f"session:{family.id}",
            tenant=family.tenant_id,
            actor=f"user:{family.user_id}",
            outcome=REFUSED,
        )

    def _sealing(self, refresh: str) -> AESGCM:
        return AESGCM(self._keyring.digest("refresh-successor", refresh.encode()))

    def _seal(self, refresh: str, following: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._sealing(refresh).encrypt(nonce, following.encode(), None)

    def _open(self, refresh: str, token: RefreshToken) -> str:
        sealed = token.sealed_successor
        assert sealed is not None, "a used token keeps its successor"
        return self._sealing(refresh).decrypt(sealed[:_NONCE], sealed[_NONCE:], None).decode()
