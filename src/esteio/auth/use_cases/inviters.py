"""Whoever invited somebody, as they are at the moment in which the invitation is accepted."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.parts import Auth
from esteio.auth.tables import ApiKey, Membership, OAuthClient, Role, User
from esteio.base.principal import Principal

INVITE = "users:write"


async def inviter(auth: Auth, session: AsyncSession, tenant: UUID, invited_by: str) -> Principal | None:
    """With what they hold now; `None` for who is not there any more, or may not invite.

    What another issuer's token gave beside the roles is known to that token alone, and does not count.
    """
    kind, _, number = invited_by.partition(":")
    held = await _held(auth, session, kind, number)
    if held is None:
        return None
    now = Principal(id=invited_by, tenant=tenant, proof="token", permissions=auth.permissions.within(tenant, held))
    return now if now.may(INVITE) else None


async def _held(auth: Auth, session: AsyncSession, kind: str, number: str) -> Iterable[str] | None:
    try:
        named = UUID(number)
    except ValueError:
        return {"*"}  # a key of the environment, which is the operator's
    if kind == "user":
        return await _of_user(auth, session, named)
    table = ApiKey if kind == "key" else OAuthClient
    query = select(table.scopes).where(table.id == named, table.enabled, table.revoked_at.is_(None))
    scopes: list[str] | None = await session.scalar(query)
    return scopes


async def _of_user(auth: Auth, session: AsyncSession, user: UUID) -> Iterable[str] | None:
    query = select(Membership.roles).join(User, User.id == Membership.user_id)
    living = Membership.disabled_at.is_(None), User.disabled_at.is_(None)
    roles = await session.scalar(query.where(Membership.user_id == user, *living))
    if roles is None:
        return None
    own = await session.scalars(select(Role.permissions).where(Role.name.in_(roles)))
    return frozenset[str]().union(*own, *(auth.permissions.of_role(role) for role in roles))
