"""Members of the caller's tenant. An account belongs to its person; a tenant decides only about its membership."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.accounts import enter_account, make_account, make_member, normal_email
from esteio.auth.parts import Auth
from esteio.auth.passwords import check_password
from esteio.auth.permissions import ADMIN, BUILT_IN
from esteio.auth.schemas import NewUser, UserChange, UserView
from esteio.auth.tables import Membership, Role, User
from esteio.auth.use_cases.administrators import administrators, demand_another
from esteio.auth.use_cases.login import email_taken
from esteio.auth.use_cases.rows import changed, demand_held, locked
from esteio.base.errors import Conflict, FieldError, Invalid, NotFound
from esteio.base.principal import Principal

ONLY_ONE = "This is the only administrator: make somebody else one first."
ADDRESS = func.coalesce(User.email, User.reported_email)
"""To log in with, or by what another issuer reports."""


def members() -> Select[Membership, str | None]:
    """The tenant's users, as `shown` takes them."""
    return select(Membership, ADDRESS).join(User, User.id == Membership.user_id)


def addressed(email: str) -> ColumnElement[bool]:
    """Whether a user has this address: to log in with, or by what another issuer reports."""
    known: ColumnElement[bool] = ADDRESS.is_not_distinct_from(normal_email(email))
    return known


def shown(row: Any) -> UserView:
    """One row of `members`."""
    member, email = row
    return _view(member, email)


async def one_user(session: AsyncSession, user_id: UUID) -> UserView:
    """The user as the tenant knows it. Raises `NotFound`."""
    row = (await session.execute(members().where(Membership.user_id == user_id))).one_or_none()
    if row is None:
        raise NotFound
    return shown(row)


async def create_user(auth: Auth, *, caller: Principal, session: AsyncSession, data: NewUser) -> UserView:
    """A new member. An account that exists is let in as it is, and the answer does not tell which it was.

    Raises `Conflict` when it is a member already, `Forbidden` for roles with permissions that the caller lacks.
    """
    await demand_roles(auth, caller, session, data.roles)
    user = await admit(auth, session, caller.tenant, data)
    auth.audit.write(
        session,
        "user.created",
        f"user:{user}",
        tenant=caller.tenant,
        actor=caller.id,
        details={"roles": data.roles},
    )
    return await one_user(session, user)


async def admit(auth: Auth, session: AsyncSession, tenant: UUID, data: NewUser) -> UUID:
    """Make the account, unless the address has one, and make it a member of the transaction's tenant.

    Raises `Conflict` for a member, and where mail is sent for an account that was made elsewhere and whose address
    nobody has confirmed: whoever made it may have written down somebody else's, and waits to be let in as them.
    """
    email = normal_email(data.email)
    hashed = None
    if data.password is not None:
        password = data.password.get_secret_value()
        check_password(password, email)
        hashed = await auth.passwords.hashed(password)
    now = auth.clock.now()
    user, made = await make_account(session, email, hashed, tenant, now)
    if not await make_member(session, tenant, user, data.name, data.roles, now):
        raise email_taken()
    if not made and auth.mails:
        await _demand_confirmed(session, user, tenant)
    return user


async def _demand_confirmed(session: AsyncSession, user: UUID, tenant: UUID) -> None:
    await enter_account(session, user)
    doubtful = select(User.id).where(User.id == user, User.email_verified_at.is_(None), User.home_tenant != tenant)
    if await session.scalar(doubtful) is not None:
        sentence = "Nobody has confirmed this address yet: invite it, or let its owner confirm it first."
        raise Conflict(sentence, errors=[FieldError("EMAIL_NOT_CONFIRMED", sentence, "email", "#/email")])


async def change_user(
    auth: Auth, *, caller: Principal, session: AsyncSession, user_id: UUID, expected: int | None, data: UserChange
) -> UserView:
    """Name, roles, or whether the user may come in. Nobody shuts themselves out, nor changes somebody who can more.

    Raises `Conflict` where the tenant would be left without an administrator.
    """
    email = (await one_user(session, user_id)).email
    changes = data.changes()
    ends = changes.get("enabled") is False or ADMIN not in changes.get("roles", (ADMIN,))
    held = await administrators(session) if ends else frozenset()
    query = select(Membership).where(Membership.user_id == user_id)
    member = await locked(session, query, expected, lambda row: _view(row, email))
    await demand_roles(auth, caller, session, member.roles)
    if "roles" in changes:
        await demand_roles(auth, caller, session, changes["roles"])
    if changes.get("enabled") is False and user_id == caller.user:
        raise Conflict("Nobody can disable their own account.")
    demand_another(held, user_id, ONLY_ONE)
    _apply(member, changes, auth)
    changed(member, auth.clock.now())
    await session.flush()
    details = {"changed": sorted(changes)} | {name: changes[name] for name in ("roles", "enabled") if name in changes}
    auth.audit.write(session, "user.changed", f"user:{user_id}", tenant=caller.tenant, actor=caller.id, details=details)
    if changes.get("enabled") is False:
        await auth.sessions.end_in_tenant(session, user_id)
    auth.announcements.changed(session, "user", user_id)
    return _view(member, email)


async def remove_user(
    auth: Auth, *, caller: Principal, session: AsyncSession, user_id: UUID, expected: int | None
) -> None:
    """No longer a member; the account and its other memberships stay. Raises `Conflict` for the only administrator."""
    email = (await one_user(session, user_id)).email
    held = await administrators(session)
    query = select(Membership).where(Membership.user_id == user_id)
    member = await locked(session, query, expected, lambda row: _view(row, email))
    if user_id == caller.user:
        raise Conflict("Nobody can remove their own account.")
    await demand_roles(auth, caller, session, member.roles)
    demand_another(held, user_id, ONLY_ONE)
    await auth.sessions.end_in_tenant(session, user_id)
    await session.execute(delete(Membership).where(Membership.user_id == user_id))
    auth.audit.write(session, "user.removed", f"user:{user_id}", tenant=caller.tenant, actor=caller.id)


async def demand_roles(auth: Auth, caller: Principal, session: AsyncSession, roles: Iterable[str]) -> None:
    """Refuse roles that do not exist (422) and roles that hold more than the caller does (403)."""
    wanted = set(roles)
    query = select(Role.name, Role.permissions).where(Role.name.in_(wanted))
    own = {row.name: row.permissions for row in await session.execute(query)}
    strange = sorted(wanted - set(own) - set(BUILT_IN))
    if strange:
        raise Invalid.at("roles", f"There is no role {', '.join(strange)}.", code="UNKNOWN_ROLE")
    held = {permission for permissions in own.values() for permission in permissions}
    demand_held(auth, caller, held.union(*(auth.permissions.of_role(role) for role in wanted)))


def _apply(member: Membership, changes: dict[str, Any], auth: Auth) -> None:
    if "name" in changes:
        member.name = changes["name"]
    if "roles" in changes:
        member.roles = changes["roles"]
    if "enabled" in changes:
        member.disabled_at = None if changes["enabled"] else (member.disabled_at or auth.clock.now())


def _view(member: Membership, email: str | None) -> UserView:
    return UserView(
        id=member.user_id,
        email=email,
        name=member.name,
        roles=member.roles,
        enabled=member.disabled_at is None,
        created_at=member.created_at,
        updated_at=member.updated_at,
        version=member.version,
    )
