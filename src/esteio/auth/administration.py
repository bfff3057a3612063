"""What an operator does from the command line, with no request and no caller but themselves."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import any_, literal, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.accounts import E_MAIL, find_account, normal_email
from esteio.auth.parts import Auth
from esteio.auth.permissions import ADMIN, EVERYTHING, USER
from esteio.auth.schemas import KeyView, NewKey, NewKeyView, NewUser, UserView
from esteio.auth.tables import ApiKey, Membership, SigningKey, Tenant, User
from esteio.auth.use_cases import keys, users
from esteio.base.errors import NotFound
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.db.reading import Reading
from esteio.db.transaction import transaction

FIRST_EMAIL = "admin@esteio.localhost"
_TURN = 0x626F6F74


@dataclass(frozen=True, slots=True)
class FirstCredentials:
    """What `esteio up` shows once."""

    email: str
    password: str
    api_key: str


def operator(auth: Auth, tenant: UUID) -> Principal:
    """Whoever has the database and the master secret may do everything; the audit log calls them `operator`."""
    held = auth.permissions.within(tenant, {EVERYTHING})
    return Principal(id="operator", tenant=tenant, proof="environment_key", permissions=held)


async def tenant_named(auth: Auth, slug: str | None) -> UUID:
    """The tenant of a slug, the default one for none. Raises `NotFound`."""
    if slug is None:
        return DEFAULT_TENANT
    rows = await auth.database.read(DEFAULT_TENANT, Reading("SELECT id FROM tenants WHERE slug = $1", ("slug",)), slug)
    if not rows:
        raise NotFound(f"There is no tenant {slug}.")
    found: UUID = rows[0]["id"]
    return found


async def all_tenants(auth: Auth) -> dict[UUID, str]:
    """The slug of every tenant, by its id, in their order."""
    rows = await auth.database.read(DEFAULT_TENANT, Reading("SELECT id, slug FROM tenants ORDER BY slug", ()))
    return {row["id"]: row["slug"] for row in rows}


async def create_user(
    auth: Auth,
    *,
    email: str,
    password: str | None,
    name: str = "",
    roles: Sequence[str] = (USER,),
    tenant: UUID = DEFAULT_TENANT,
) -> UserView:
    """A member of the tenant. Raises `Conflict` when the address belongs to one, `Invalid` for a password not fit.

    `pydantic.ValidationError` for an address or a role name that is not one.
    """
    given = SecretStr(password) if password is not None else None
    data = NewUser(email=email, name=name or email.partition("@")[0], password=given, roles=[*roles])
    async with transaction(auth.database, tenant) as session:
        made = await users.create_user(auth, caller=operator(auth, tenant), session=session, data=data)
        await _vouch(auth, session, made.id)
        return made


async def reset_link(auth: Auth, email: str) -> str:
    """A link that sets a new password for the account of an address; links that were given before end.

    Who has it counts as the address's owner: it is for where no mail can be sent. Raises `NotFound`.
    """
    email = normal_email(email)
    account = await find_account(auth.database, E_MAIL, email)
    if account is None or account.disabled:
        raise NotFound(f"There is no account of the address {email}, or it is disabled.")
    home, subject = account.home_tenant, account.id
    async with transaction(auth.database, home) as session:
        token = await auth.mail_tokens.make(session, "reset", subject, tenant=home, address=email, epoch=account.epoch)
        auth.audit.write(session, "user.reset_link_made", f"user:{subject}", tenant=home, actor="operator")
    return auth.links.to("reset", token)


async def create_key(auth: Auth, data: NewKey, *, tenant: UUID = DEFAULT_TENANT) -> NewKeyView:
    """A key of the tenant; `key` is its text. Raises `Invalid` for a scope or plan that does not exist."""
    async with transaction(auth.database, tenant) as session:
        return await keys.create_key(auth, caller=operator(auth, tenant), session=session, data=data)


async def list_keys(auth: Auth, *, tenant: UUID = DEFAULT_TENANT) -> list[KeyView]:
    """All keys of the tenant, the newest first."""
    async with transaction(auth.database, tenant) as session:
        found = await session.scalars(select(ApiKey).order_by(ApiKey.id.desc()))
        return [KeyView.model_validate(key) for key in found]


async def revoke_key(auth: Auth, named: str, *, tenant: UUID = DEFAULT_TENANT) -> KeyView:
    """Revoke the key of this id or public id. Raises `NotFound`."""
    async with transaction(auth.database, tenant) as session:
        key_id = await _key_id(session, named)
        await keys.revoke_key(auth, caller=operator(auth, tenant), session=session, key_id=key_id, expected=None)
        return await keys.one_key(session, key_id)


async def rotate_signing_key(auth: Auth, *, at_once: bool = False) -> str:
    """A new key that signs access tokens; its `kid`."""
    async with transaction(auth.database, DEFAULT_TENANT) as session:
        made: SigningKey = await auth.signing.rotate(session, at_once=at_once)
        auth.audit.write(
            session,
            "signing_key.rotated",
            f"signing_key:{made.kid}",
            tenant=DEFAULT_TENANT,
            actor="operator",
            details={"at_once": at_once},
        )
        return made.kid


async def bootstrap(auth: Auth, email: str = FIRST_EMAIL) -> FirstCredentials | None:
    """The first administrator of the default tenant and a key that may do everything.

    `None` when there is an administrator already. Any number of processes may try at once: one succeeds.
    """
    caller = operator(auth, DEFAULT_TENANT)
    password = secrets.token_urlsafe(15)
    async with transaction(auth.database, DEFAULT_TENANT) as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _TURN})
        if await _has_administrator(session):
            return None
        data = NewUser(email=email, name="Administrator", password=SecretStr(password), roles=[ADMIN])
        made = await users.create_user(auth, caller=caller, session=session, data=data)
        await _vouch(auth, session, made.id)
        first = NewKey(name="First key", scopes=[EVERYTHING])
        key = await keys.create_key(auth, caller=caller, session=session, data=first)
    return FirstCredentials(email, password, key.key)


async def _vouch(auth: Auth, session: AsyncSession, user: UUID) -> None:
    """An operator knows whose address it is."""
    await session.flush()
    unconfirmed = update(User).where(User.id == user, User.email_verified_at.is_(None))
    await session.execute(unconfirmed.values(email_verified_at=auth.clock.now()))


async def _has_administrator(session: AsyncSession) -> bool:
    query = (
        select(Membership.user_id)
        .join(Tenant, Tenant.id == Membership.tenant_id)
        .where(literal(ADMIN) == any_(Membership.roles), Membership.disabled_at.is_(None))
    )
    return await session.scalar(query.limit(1)) is not None


async def _key_id(session: AsyncSession, named: str) -> UUID:
    conditions = [ApiKey.public_id == named]
    with suppress(ValueError):
        conditions.append(ApiKey.id == UUID(named))
    found = await session.scalar(select(ApiKey.id).where(or_(*conditions)))
    if found is None:
        raise NotFound(f"There is no key {named}.")
    return found
