"""A client's secrets: the one that it has, and the one before it while a rotation overlaps."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.oauth.secret import digest_of, make_secret
from esteio.auth.tables import OAuthClient, OAuthSecret, OAuthSecretDigest
from esteio.base.crypto import Keyring
from esteio.base.errors import Conflict
from esteio.base.ids import new_id

MOST = 2
KEPT = timedelta(hours=2)
"""How long the row of a secret stays after its time: longer than any access token that it was exchanged for lives."""


async def add_secret(keyring: Keyring, session: AsyncSession, client: OAuthClient, now: datetime) -> str:
    """A new secret of the client; its text, which is kept nowhere."""
    text = make_secret()
    secret = OAuthSecret(
        id=new_id(), tenant_id=client.tenant_id, owner=client.id, last_four=text[-4:], created_at=now, expires_at=None
    )
    session.add(secret)
    await session.flush()
    digest = digest_of(keyring, client.client_id, text)
    session.add(OAuthSecretDigest(digest=digest, secret_id=secret.id, tenant_id=client.tenant_id))
    await session.flush()
    return text


async def end_others(session: AsyncSession, client: OAuthClient, now: datetime, overlap_hours: float) -> None:
    """Let the present secrets end after the overlap; at once, and what they were exchanged for with them, without one.

    Raises `Conflict` when a third would be valid.
    """
    await session.execute(
        delete(OAuthSecret).where(OAuthSecret.owner == client.id, OAuthSecret.expires_at < now - KEPT)
    )
    if not overlap_hours:
        await session.execute(delete(OAuthSecret).where(OAuthSecret.owner == client.id))
        return
    valid = await living_secrets(session, [client.id], now)
    if len(valid) >= MOST:
        raise Conflict("Two secrets are valid: wait until the older one has ended, or end both with overlap_hours 0.")
    end = now + timedelta(hours=overlap_hours)
    for secret in valid:
        secret.expires_at = min(end, secret.expires_at) if secret.expires_at else end


async def living_secrets(session: AsyncSession, owners: Iterable[UUID], now: datetime) -> Sequence[OAuthSecret]:
    """The secrets of these clients that are valid, the newest first."""
    query = (
        select(OAuthSecret)
        .where(OAuthSecret.owner.in_(list(owners)))
        .where(or_(OAuthSecret.expires_at.is_(None), OAuthSecret.expires_at > now))
        .order_by(OAuthSecret.id.desc())
    )
    return (await session.scalars(query)).all()
