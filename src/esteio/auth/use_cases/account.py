"""One's own account: who am I, leaving, another password."""

from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import update

from esteio.auth.accounts import E_MAIL, enter_account, find_account
from esteio.auth.parts import Auth
from esteio.auth.passwords import check_password
from esteio.auth.permissions import USER
from esteio.auth.tables import LoginSession, RefreshToken, User
from esteio.auth.use_cases.login import Entered, entered, family_tenant
from esteio.base.errors import Forbidden, Invalid, Unauthenticated
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.db.reading import Reading
from esteio.db.transaction import transaction

_ME = Reading(
    """
    SELECT t.slug, t.name AS tenant_name, u.email, m.name
    FROM tenants t
    LEFT JOIN memberships m ON m.tenant_id = t.id AND m.user_id = $2
    LEFT JOIN users u ON u.id = m.user_id
    WHERE t.id = $1
    """,
    ("tenant", "user"),
)


async def me(auth: Auth, *, caller: Principal) -> dict[str, Any]:
    """The caller as the house sees it: a user with name and e-mail, or a key with its public id."""
    return _shown(caller, await _seen(auth, caller))


async def registered(auth: Auth, *, user: UUID) -> dict[str, Any]:
    """An account that was just made in the default tenant, as `me` will show it."""
    held = auth.permissions.within(DEFAULT_TENANT, auth.permissions.of_role(USER))
    caller = Principal(
        id=f"user:{user}", tenant=DEFAULT_TENANT, proof="token", user=user, roles=(USER,), permissions=held
    )
    return await me(auth, caller=caller)


def _shown(caller: Principal, row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": caller.id,
        "proof": caller.proof,
        "user_id": caller.user,
        "key_id": caller.key,
        "session_id": caller.session,
        "email": row["email"],
        "name": row["name"] or caller.label,
        "tenant": {"id": caller.tenant, "slug": row["slug"], "name": row["tenant_name"]},
        "roles": sorted(caller.roles),
        "permissions": sorted(caller.permissions),
        "plan": caller.plan,
    }


async def logout(auth: Auth, *, caller: Principal, refresh_token: str | None) -> None:
    """End the caller's session, or the one that a refresh token belongs to; an unknown token ends nothing.

    Raises `Unauthenticated` when neither is given.
    """
    if caller.session is not None:
        async with transaction(auth.database, caller.tenant) as session:
            await auth.sessions.end(session, caller.session)
    elif refresh_token is not None:
        await _end_family(auth, refresh_token)
    else:
        raise Unauthenticated("Send the access token, or the refresh token in the body.")


async def logout_everywhere(auth: Auth, *, caller: Principal) -> None:
    """End all sessions of the caller's account, in every tenant."""
    user = signed_in(caller)
    async with transaction(auth.database, caller.tenant) as session:
        await enter_account(session, user)
        await auth.sessions.end_all(session, user)
        auth.audit.write(session, "session.all_ended", caller.id, tenant=caller.tenant, actor=caller.id)


async def change_password(auth: Auth, *, caller: Principal, present: str, following: str, address: str) -> Entered:
    """Another password; every session ends but a new one for the caller. Wrong guesses at the present one are delayed.

    Raises `Invalid` for a wrong present password or an unacceptable new one.
    """
    user = signed_in(caller)
    email = (await _seen(auth, caller))["email"]
    check_password(following, email, field="new_password")
    attempt = await auth.attempts.charge(email, address)
    account = await find_account(auth.database, E_MAIL, email)
    if not await auth.passwords.matches(present, account.password_hash if account else None):
        raise Invalid.at("password", "This is not the present password.", code="WRONG_PASSWORD")
    hashed = await auth.passwords.hashed(following)
    async with transaction(auth.database, caller.tenant) as session:
        await enter_account(session, user)
        await session.execute(update(User).where(User.id == user).values(password_hash=hashed))
        await auth.attempts.forgive(session, attempt)
        epoch = await auth.sessions.end_all(session, user)
        standing = await auth.sessions.begin(session, user, epoch, caller.tenant, address)
        auth.audit.write(session, "user.password_changed", caller.id, tenant=caller.tenant, actor=caller.id)
    return await entered(auth, standing)


def signed_in(caller: Principal) -> UUID:
    """The caller's account. Raises `Forbidden` for an API key, which has none."""
    if caller.user is None:
        raise Forbidden("This needs a signed-in user; an API key has no account.")
    return caller.user


async def _seen(auth: Auth, caller: Principal) -> asyncpg.Record:
    values = {"tenant": caller.tenant, "user": caller.user}
    return (await auth.database.read(caller.tenant, _ME, *_ME.arguments(values)))[0]


async def _end_family(auth: Auth, refresh_token: str) -> None:
    tenant = await family_tenant(auth, refresh_token)
    if tenant is None:
        return
    async with transaction(auth.database, tenant) as session:
        token = await session.get(RefreshToken, auth.sessions.digest(refresh_token))
        family = await session.get(LoginSession, token.session_id) if token else None
        if family is not None:
            await auth.sessions.end(session, family.id)
