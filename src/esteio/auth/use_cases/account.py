"""One's own account: who am I, leaving, another password."""

from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import update

from esteio.auth.accounts import E_MAIL, enter_account, find_account
from esteio.auth.letters.asking import ask
from esteio.auth.letters.kinds import Language
from esteio.auth.parts import Auth
from esteio.auth.passwords import check_password
from esteio.auth.permissions import USER
from esteio.auth.tables import LoginSession, RefreshToken, User
from esteio.auth.use_cases.login import Entered, entered, family_tenant
from esteio.base.errors import Conflict, Forbidden, Invalid, Unauthenticated
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.db.reading import Reading
from esteio.db.transaction import enter_tenant, transaction

_ME = Reading(
    """
    SELECT t.slug, t.name AS tenant_name, u.email, u.reported_email, m.name,
           CASE WHEN u.email IS NOT NULL THEN u.email_verified_at IS NOT NULL END AS email_verified
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
        "email": row["email"] or row["reported_email"],
        "email_verified": row["email_verified"],
        "name": row["name"] or caller.label,
        "tenant": {"id": caller.tenant, "slug": row["slug"], "name": row["tenant_name"]},
        "roles": sorted(caller.roles),
        "permissions": sorted(caller.permissions),
        "plan": caller.plan,
    }


async def logout(auth: Auth, *, caller: Principal, refresh_token: str | None) -> None:
    """End the caller's session, and the one that a refresh token belongs to; an unknown token ends nothing.

    Raises `Unauthenticated` when neither is given, `Forbidden` for a session that another issuer began.
    """
    if caller.session is not None:
        async with transaction(auth.database, caller.tenant) as session:
            await auth.sessions.end(session, caller.session)
    if refresh_token is not None:
        await _end_family(auth, refresh_token)
    elif caller.proof == "oidc":
        raise _of_another()
    elif caller.session is None:
        raise Unauthenticated("Send the access token, or the refresh token in the body.")


async def logout_everywhere(auth: Auth, *, caller: Principal) -> None:
    """End all sessions of the caller's account, in every tenant. Raises `Forbidden` for who came by another issuer."""
    user = signed_in(caller)
    if caller.proof == "oidc":
        raise _of_another()
    async with transaction(auth.database, caller.tenant) as session:
        await enter_account(session, user)
        await auth.sessions.end_all(session, user)
        auth.audit.write(session, "session.all_ended", caller.id, tenant=caller.tenant, actor=caller.id)


async def change_password(
    auth: Auth, *, caller: Principal, present: str, following: str, address: str, language: Language = "en"
) -> Entered:
    """Another password; every session ends but a new one for the caller. Wrong guesses at the present one are delayed.

    Whatever was mailed to change the account ends too, and its address is told. Raises `Invalid` for a wrong present
    password or an unacceptable new one, `Conflict` for an account that has none here.
    """
    user = signed_in(caller)
    email = (await _seen(auth, caller))["email"]
    if email is None:
        raise Conflict("This account has no e-mail address and no password of its own here.")
    check_password(following, email, field="new_password")
    attempt = await auth.attempts.charge(email, address)
    account = await find_account(auth.database, E_MAIL, email)
    right = await auth.passwords.matches(present, account.password_hash if account else None)
    if account is None or not right:
        raise Invalid.at("password", "This is not the present password.", code="WRONG_PASSWORD")
    hashed = await auth.passwords.hashed(following)
    async with transaction(auth.database, caller.tenant) as session:
        await enter_account(session, user)
        await session.execute(update(User).where(User.id == user).values(password_hash=hashed))
        await auth.attempts.forgive(session, attempt)
        epoch = await auth.sessions.end_all(session, user)
        standing = await auth.sessions.begin(session, user, epoch, caller.tenant, address)
        auth.audit.write(session, "user.password_changed", caller.id, tenant=caller.tenant, actor=caller.id)
        if auth.mails:
            await session.flush()
            await enter_tenant(session, account.home_tenant)
            await ask(
                session,
                "password_changed",
                tenant=account.home_tenant,
                subject=user,
                language=language,
                principal=caller.id,
                now=auth.clock.now(),
            )
    return await entered(auth, standing)


def signed_in(caller: Principal) -> UUID:
    """The caller's account. Raises `Forbidden` for an API key or a client, which have none."""
    if caller.user is None:
        raise Forbidden("This needs a signed-in user; an API key or a client has no account.")
    return caller.user


def _of_another() -> Forbidden:
    return Forbidden("Another issuer signed you in: log out there. Its token ends by itself, or when you are disabled.")


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
