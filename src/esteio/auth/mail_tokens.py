"""Tokens that are sent by mail: made right before a letter goes, kept as digests, each good for one use.

Whoever shows one has read the letter. A token ends when it is used, when a newer one of its purpose is made for the
same subject, and when its time is over; one that rests on the account's password ends with the account's epoch.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.settings import AuthSettings
from esteio.auth.tables import MailToken, MailTokenDigest
from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.base.errors import Invalid
from esteio.base.ids import random_base62
from esteio.db.database import Database
from esteio.db.reading import Reading
from esteio.db.tenancy import SETTING

Purpose = Literal["reset", "verification", "change", "registration", "invitation"]
PREFIX = "est_mail_"
_RANDOM = 43
"""256 bits."""

_SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM}}}\Z")

# As with API keys: the digest names the tenant, and only then may the token's row be seen.
_FIND = Reading(
    f"""
    WITH found AS MATERIALIZED (
        SELECT d.digest, set_config('{SETTING}', d.tenant_id::text, true) AS tenant
        FROM mail_token_digests d WHERE d.digest = $1
    )
    SELECT shown.* FROM found CROSS JOIN LATERAL (
        SELECT t.tenant_id, t.purpose, t.subject, t.address, t.epoch, t.expires_at FROM mail_tokens t
        WHERE t.digest = found.digest AND t.expires_at > $2
        OFFSET length(found.tenant) * 0
    ) AS shown
    """  # noqa: S608 - a constant
)
_FORGET = text(
    "DELETE FROM mail_tokens WHERE digest IN "
    "(SELECT digest FROM mail_tokens WHERE expires_at < :now LIMIT 20 FOR UPDATE SKIP LOCKED)"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a token that was just shown is for. `subject` is an account, a registration or an invitation."""

    digest: bytes
    tenant: UUID
    purpose: Purpose
    subject: UUID
    address: str
    epoch: int | None
    expires_at: datetime


class MailTokens:
    """Makes, recognises and ends them. `spend` is the moment in which a token counts as used."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, settings: AuthSettings) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._lives: dict[Purpose, timedelta] = {
            "reset": timedelta(minutes=settings.reset_minutes),
            "verification": timedelta(days=settings.verification_days),
            "change": timedelta(days=settings.verification_days),
            "registration": timedelta(days=settings.verification_days),
            "invitation": timedelta(days=settings.invitation_days),
        }

    def life(self, purpose: Purpose) -> timedelta:
        """How long a token of the purpose is good."""
        return self._lives[purpose]

    async def make(
        self,
        session: AsyncSession,
        purpose: Purpose,
        subject: UUID,
        *,
        tenant: UUID,
        address: str,
        epoch: int | None = None,
        token: str | None = None,
    ) -> str:
        """A token that is good from the commit of the tenant's transaction on; older ones of its kind end then.

        `token` is one that `new_token` gave before.
        """
        token, now = token or new_token(), self._clock.now()
        digest = self.digest(token)
        await session.execute(_FORGET, {"now": now})
        await self.end(session, purpose, subject)
        session.add(
            MailToken(
                digest=digest,
                tenant_id=tenant,
                purpose=purpose,
                subject=subject,
                address=address,
                epoch=epoch,
                created_at=now,
                expires_at=now + self.life(purpose),
            )
        )
        await session.flush()
        session.add(MailTokenDigest(digest=digest, tenant_id=tenant))
        await session.flush()
        return token

    def digest(self, token: str) -> bytes:
        """What is stored in place of a token."""
        return self._keyring.digest("mail-token", token.encode())

    async def shown(self, token: str, *purposes: Purpose) -> Shown:
        """What the token is good for at present, in one round trip; what is not shaped like one costs none.

        Raises `Invalid` for one that is unknown, used, over, or not for any of the purposes: always in the same words.
        """
        if not _SHAPE.match(token):
            raise not_good()
        digest = self.digest(token)
        rows = await self._database.read(None, _FIND, digest, self._clock.now())
        if not rows or rows[0]["purpose"] not in purposes:
            raise not_good()
        row = rows[0]
        return Shown(
            digest, row["tenant_id"], row["purpose"], row["subject"], row["address"], row["epoch"], row["expires_at"]
        )

    async def spend(self, session: AsyncSession, shown: Shown) -> None:
        """Use it up in the transaction of its tenant. Of several that try at once, one gets past this.

        Raises `Invalid` when it has been used or has ended since it was looked at.
        """
        mine = delete(MailToken).where(MailToken.digest == shown.digest, MailToken.expires_at > self._clock.now())
        if await session.scalar(mine.returning(MailToken.digest)) is None:
            raise not_good()
        await self.end(session, shown.purpose, shown.subject)

    async def end(self, session: AsyncSession, purpose: Purpose, subject: UUID) -> None:
        """End all of a purpose in the transaction's tenant."""
        await session.execute(delete(MailToken).where(MailToken.subject == subject, MailToken.purpose == purpose))


def new_token() -> str:
    """256 random bits that can be sent and typed; worth nothing before `MailTokens.make` was committed."""
    return PREFIX + random_base62(_RANDOM)


def not_good() -> Invalid:
    """The one refusal of a token."""
    words = "This token is not known, was used, or is too old: ask for a new mail."
    return Invalid.at("token", words, code="MAIL_TOKEN_NOT_GOOD")
