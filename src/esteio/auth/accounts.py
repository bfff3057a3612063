"""Accounts and memberships: finding them, making them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.tables import Identity, Membership, User
from esteio.base.crypto import sha256
from esteio.db.database import Database
from esteio.db.reading import Reading

ACCOUNT = "esteio.user"
"""The setting that makes a transaction see one account wherever it is a member."""

E_MAIL = "e-mail"
"""The issuer of identities that are e-mail addresses of our own accounts."""

_ENTER = text(f"SELECT set_config('{ACCOUNT}', :user, true)")

# As with API keys: the digest names the account, and only then may its row be seen.
_BY_IDENTITY = Reading(
    f"""
    WITH found AS MATERIALIZED (
        SELECT i.user_id, set_config('{ACCOUNT}', i.user_id::text, true) AS named FROM identities i WHERE i.digest = $1
    )
    SELECT account.* FROM found CROSS JOIN LATERAL (
        SELECT u.id, u.email, u.password_hash, u.home_tenant, u.epoch, u.disabled_at, u.email_verified_at FROM users u
        WHERE u.id = found.user_id OFFSET length(found.named) * 0
    ) AS account
    """  # noqa: S608 - a constant
)


@dataclass(frozen=True, slots=True)
class Account:
    """What a login needs to know of an account."""

    id: UUID
    email: str | None
    password_hash: str | None
    home_tenant: UUID
    epoch: int
    disabled: bool
    verified: bool = False


def normal_email(email: str) -> str:
    """The one spelling under which an address is kept and compared."""
    return email.strip().lower()


def identity_digest(issuer: str, subject: str) -> bytes:
    """What an identity is found by; e-mail addresses have the issuer `E_MAIL`."""
    return sha256(f"{issuer}\0{subject}".encode())


async def enter_account(session: AsyncSession, user: UUID) -> None:
    """Let the rest of the transaction see this account."""
    await session.execute(_ENTER, {"user": str(user)})


async def find_account(database: Database, issuer: str, subject: str) -> Account | None:
    """The account behind an identity, in one round trip."""
    rows = await database.read(None, _BY_IDENTITY, identity_digest(issuer, subject))
    if not rows:
        return None
    row = rows[0]
    return Account(
        row["id"],
        row["email"],
        row["password_hash"],
        row["home_tenant"],
        row["epoch"],
        row["disabled_at"] is not None,
        row["email_verified_at"] is not None,
    )


async def account_by_email(session: AsyncSession, email: str) -> UUID | None:
    """The account's id, whichever tenants it is a member of."""
    digest = identity_digest(E_MAIL, email)
    found: UUID | None = await session.scalar(select(Identity.user_id).where(Identity.digest == digest))
    return found


async def make_account(
    session: AsyncSession, email: str, password_hash: str | None, home_tenant: UUID, now: datetime
) -> tuple[UUID, bool]:
    """The account of an e-mail address, and whether it was made here. One that exists is left as it is."""
    existing = await account_by_email(session, email)
    if existing is not None:
        return existing, False
    # Not an id that tells its time: another tenant that lets the same account in must not learn its age.
    user = uuid4()
    await enter_account(session, user)
    values = {"id": user, "email": email, "password_hash": password_hash, "home_tenant": home_tenant, "created_at": now}
    made = await session.scalar(insert(User).values(values).on_conflict_do_nothing().returning(User.id))
    if made is None:
        # Another transaction made it since we looked, and has committed.
        existing = await account_by_email(session, email)
        assert existing is not None, "an account without an identity"
        return existing, False
    session.add(Identity(digest=identity_digest(E_MAIL, email), user_id=user))
    await session.flush()
    return user, True


async def make_member(
    session: AsyncSession,
    tenant: UUID,
    user: UUID,
    name: str,
    roles: Sequence[str],
    now: datetime,
    *,
    said_at: datetime | None = None,
) -> bool:
    """Make the account a member of the tenant; false when it is one already.

    `said_at` is when the token was made in which another issuer said these roles.
    """
    values = {
        "tenant_id": tenant,
        "user_id": user,
        "name": name,
        "roles": [*roles],
        "roles_said_at": said_at,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    made = await session.scalar(
        insert(Membership).values(values).on_conflict_do_nothing().returning(Membership.user_id)
    )
    return made is not None
