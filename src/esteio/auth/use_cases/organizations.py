"""Organisations as their members see them: which they are in, founding one, changing over to one, leaving it.

An organisation is a tenant. What is in one is seen in a transaction of that tenant; which ones a person is in, only in
a transaction that names the person and no tenant.
"""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import any_, delete, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.accounts import enter_account, make_member
from esteio.auth.organization_schemas import NewOrganization, OrganizationChange, OrganizationView
from esteio.auth.parts import Auth
from esteio.auth.permissions import ADMIN
from esteio.auth.tables import Membership, Tenant, User
from esteio.auth.use_cases.account import signed_in
from esteio.auth.use_cases.administrators import administrators, demand_another
from esteio.auth.use_cases.login import Entered, entered
from esteio.auth.use_cases.rows import changed, locked
from esteio.base.errors import Conflict, FieldError, Forbidden, NotFound
from esteio.base.ids import new_id, random_base62
from esteio.base.principal import Principal
from esteio.db.transaction import enter_tenant, leave_tenant, transaction

MOST_LISTED = 200
CURRENT = "current"
"""What an address says for the one that the caller acts in."""

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:user, 0))")


async def mine(auth: Auth, *, caller: Principal) -> list[OrganizationView]:
    """Those that the signed-in caller may come into, by name."""
    user = signed_in(caller)
    async with transaction(auth.database, None) as session:
        await enter_account(session, user)
        rows = await session.execute(_memberships(user).order_by(Tenant.name, Tenant.id).limit(MOST_LISTED))
        return [_view(tenant, membership.roles, caller) for membership, tenant in rows]


async def one(auth: Auth, *, caller: Principal, slug: str) -> OrganizationView:
    """One that the signed-in caller may come into. Raises `NotFound`."""
    user = signed_in(caller)
    async with transaction(auth.database, None) as session:
        await enter_account(session, user)
        row = (await session.execute(_memberships(user).where(Tenant.slug == slug))).one_or_none()
    if row is None:
        raise NotFound
    return _view(row[1], row[0].roles, caller)


async def current(auth: Auth, *, caller: Principal, session: AsyncSession) -> OrganizationView:
    """The organisation that the caller acts in."""
    tenant = (await session.scalars(select(Tenant).where(Tenant.id == caller.tenant))).one()
    return _view(tenant, sorted(caller.roles), caller)


async def create_organization(
    auth: Auth, *, caller: Principal, session: AsyncSession, data: NewOrganization
) -> OrganizationView:
    """A new one whose administrator is the caller; `session` is in the caller's tenant, before and after.

    Raises `Forbidden` where only the operator makes organisations and for who could not enter it, `Conflict` for a slug
    that is taken, or that the operator has named for a tenant of an issuer, and for more organisations than a person
    may administer.
    """
    user, now, tenant = signed_in(caller), auth.clock.now(), new_id()
    if not auth.settings.organizations_open:
        raise Forbidden("Organisations are made by the operator of this deployment: ask them for one.")
    if caller.proof == "oidc":
        raise Forbidden("Another issuer signed you in, and says which organisations there are: make it there.")
    if data.slug == CURRENT or data.slug in auth.settings.reserved_slugs:
        raise _slug_taken()
    await session.execute(_ONE_AT_A_TIME, {"user": str(user)})
    await leave_tenant(session)
    await enter_account(session, user)
    await _demand_room(auth, session, user)
    name = await _name_of(session, caller)
    await enter_tenant(session, tenant)
    values: dict[str, Any] = {"id": tenant, "slug": data.slug or _slug_for(data.name), "name": data.name}
    values |= {"version": 1, "created_at": now, "updated_at": now}
    made = insert(Tenant).values(values).on_conflict_do_nothing().returning(Tenant)
    if (row := await session.scalar(made)) is None:
        raise _slug_taken()
    await make_member(session, tenant, user, name, [ADMIN], now)
    details = {"slug": values["slug"]}
    auth.audit.write(session, "tenant.created", f"tenant:{tenant}", tenant=tenant, actor=caller.id, details=details)
    await session.flush()
    await enter_tenant(session, caller.tenant)
    return _view(row, [ADMIN], caller)


async def change_organization(
    auth: Auth, *, caller: Principal, session: AsyncSession, expected: int | None, data: OrganizationChange
) -> OrganizationView:
    """Another name for the one that the caller acts in."""
    query = select(Tenant).where(Tenant.id == caller.tenant)
    tenant = await locked(session, query, expected, lambda row: _view(row, sorted(caller.roles), caller))
    assert data.name is not None, "it is the only member, and never empty"
    tenant.name = data.name
    changed(tenant, auth.clock.now())
    await session.flush()
    auth.audit.write(
        session,
        "tenant.changed",
        f"tenant:{tenant.id}",
        tenant=caller.tenant,
        actor=caller.id,
        details={"changed": ["name"]},
    )
    return _view(tenant, sorted(caller.roles), caller)


async def switch(auth: Auth, *, caller: Principal, slug: str, address: str) -> Entered:
    """A new session of the caller in another of their organisations; the present one goes on.

    Raises `NotFound` for one that the caller may not come into, `Forbidden` for callers without a session of ours, and
    `RateLimited` for more than one may log in.
    """
    user = _with_session(caller)
    # Counted apart from logins; each is a session that stays for months.
    await auth.account_limit(f"switch\n{user}", address)
    tenant = await _tenant_of(auth, caller, slug)
    async with transaction(auth.database, tenant) as session:
        await enter_account(session, user)
        query = select(User.epoch).where(User.id == user, User.disabled_at.is_(None))
        epoch = await session.scalar(query)
        if epoch is None or await session.scalar(_may_enter(user)) is None:
            raise NotFound
        standing = await auth.sessions.begin(session, user, epoch, tenant, address)
    return await entered(auth, standing)


async def leave(auth: Auth, *, caller: Principal, slug: str) -> None:
    """No longer a member, in any process within a moment. Raises `NotFound`; `Conflict` for the only administrator.

    Raises `Forbidden` for who came by another issuer: its next token would make them a new member, as they were at
    first and not as this organisation has made them since.
    """
    user = signed_in(caller)
    if caller.proof == "oidc":
        raise Forbidden("Another issuer says that you are a member: leave the organisation there.")
    tenant = await _tenant_of(auth, caller, slug)
    async with transaction(auth.database, tenant) as session:
        held = await administrators(session)
        demand_another(held, user, "You are its only administrator: make somebody else one first.")
        await auth.sessions.end_in_tenant(session, user)
        await session.execute(delete(Membership).where(Membership.user_id == user))
        auth.audit.write(session, "user.left", f"user:{user}", tenant=tenant, actor=f"user:{user}")


async def _demand_room(auth: Auth, session: AsyncSession, user: UUID) -> None:
    query = select(Membership.tenant_id).where(Membership.user_id == user, literal(ADMIN) == any_(Membership.roles))
    most = auth.settings.organizations_per_account
    if len((await session.scalars(query.limit(most + 1))).all()) > most:
        raise Conflict(f"A person administers at most {most} organisations beside their first: leave one of them.")


async def _tenant_of(auth: Auth, caller: Principal, slug: str) -> UUID:
    found: UUID = (await one(auth, caller=caller, slug=slug)).id
    return found


async def _name_of(session: AsyncSession, caller: Principal) -> str:
    query = select(Membership.name).where(Membership.user_id == caller.user, Membership.tenant_id == caller.tenant)
    return await session.scalar(query) or caller.label or "Administrator"


def _memberships(user: UUID) -> Any:
    return (
        select(Membership, Tenant)
        .join(Tenant, Tenant.id == Membership.tenant_id)
        .where(Membership.user_id == user, Membership.disabled_at.is_(None), Tenant.disabled_at.is_(None))
    )


def _may_enter(user: UUID) -> Any:
    return (
        select(Membership.user_id)
        .join(Tenant, Tenant.id == Membership.tenant_id)
        .where(Membership.user_id == user, Membership.disabled_at.is_(None), Tenant.disabled_at.is_(None))
    )


def _with_session(caller: Principal) -> UUID:
    user = signed_in(caller)
    if caller.session is None:
        raise Forbidden("Your token says which organisation it is for: ask its issuer for one of the other.")
    return user


def _slug_taken() -> Conflict:
    sentence = "There is an organisation of this slug."
    return Conflict(sentence, errors=[FieldError("SLUG_TAKEN", sentence, "slug", "#/slug")])


def _slug_for(name: str) -> str:
    """A slug that begins as the name does, and that nobody has: its end is random."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower().encode("ascii", "ignore").decode()).strip("-")[:40].strip("-")
    return f"{words}-{random_base62(8).lower()}" if words else f"org-{random_base62(10).lower()}"


def _view(tenant: Tenant, roles: list[str], caller: Principal) -> OrganizationView:
    return OrganizationView(
        id=tenant.id,
        slug=tenant.slug,
        name=tenant.name,
        plan=tenant.plan,
        roles=roles,
        current=tenant.id == caller.tenant,
        created_at=tenant.created_at,
        version=tenant.version,
    )
