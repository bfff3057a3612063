"""The tenant's own roles beside the built-in ones."""

from typing import Any
from uuid import UUID

from sqlalchemy import any_, delete, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.parts import Auth
from esteio.auth.permissions import BUILT_IN
from esteio.auth.schemas import NewRole, RoleChange, RoleView
from esteio.auth.tables import Membership, Role
from esteio.auth.use_cases.rows import changed, demand_held, demand_known, locked
from esteio.base.errors import Conflict, FieldError, NotFound
from esteio.base.principal import Principal

_RESERVED = frozenset({*BUILT_IN, "built-in"})
"""Names that no own role may take: `/roles/built-in` lists the built-in ones."""

_WORDS = {
    "admin": "May do everything in the tenant",
    "user": "What the products give to every user",
    "viewer": "May look at everything that the products have",
}


def built_in(auth: Auth, tenant: UUID) -> list[RoleView]:
    """The roles that every tenant has."""
    return [
        RoleView(
            name=name,
            description=_WORDS[name],
            permissions=sorted(auth.permissions.within(tenant, auth.permissions.of_role(name))),
            built_in=True,
            version=0,
        )
        for name in BUILT_IN
    ]


def shown(role: Role) -> RoleView:
    """An own role."""
    return RoleView(
        name=role.name,
        description=role.description,
        permissions=role.permissions,
        built_in=False,
        version=role.version,
    )


async def one_role(auth: Auth, *, caller: Principal, session: AsyncSession, name: str) -> RoleView:
    """A built-in or own role. Raises `NotFound`."""
    for role in built_in(auth, caller.tenant):
        if role.name == name:
            return role
    found = await session.scalar(select(Role).where(Role.name == name))
    if found is None:
        raise NotFound
    return shown(found)


async def create_role(auth: Auth, *, caller: Principal, session: AsyncSession, data: NewRole) -> RoleView:
    """Raises `Conflict` for a name that is taken, `Forbidden` for permissions that the caller lacks."""
    demand_known(auth, data.permissions, "permissions")
    demand_held(auth, caller, data.permissions)
    now = auth.clock.now()
    values = {**data.model_dump(), "tenant_id": caller.tenant, "version": 1, "created_at": now, "updated_at": now}
    made = None
    if data.name not in _RESERVED:
        statement = insert(Role).values(values).on_conflict_do_nothing().returning(Role.name)
        made = await session.scalar(statement)
    if made is None:
        sentence = "There is a role of this name."
        raise Conflict(sentence, errors=[FieldError("ROLE_EXISTS", sentence, "name", "#/name")])
    _told(auth, caller, session, "role.created", data.name, {"permissions": data.permissions})
    return RoleView(**data.model_dump(), built_in=False, version=1)


async def change_role(
    auth: Auth, *, caller: Principal, session: AsyncSession, name: str, expected: int | None, data: RoleChange
) -> RoleView:
    """Its members hold the new permissions within a moment. Built-in roles cannot be changed (409)."""
    role = await _own(auth, caller, session, name, expected)
    changes = data.changes()
    if "permissions" in changes:
        demand_known(auth, changes["permissions"], "permissions")
        demand_held(auth, caller, changes["permissions"])
    for member, value in changes.items():
        setattr(role, member, value)
    changed(role, auth.clock.now())
    await session.flush()
    _told(auth, caller, session, "role.changed", name, changes)
    return shown(role)


async def delete_role(auth: Auth, *, caller: Principal, session: AsyncSession, name: str, expected: int | None) -> None:
    """Raises `Conflict` while a user holds it."""
    await _own(auth, caller, session, name, expected)
    if await session.scalar(select(Membership.user_id).where(literal(name) == any_(Membership.roles)).limit(1)):
        raise Conflict("Users hold this role: take it from them first.")
    await session.execute(delete(Role).where(Role.name == name))
    _told(auth, caller, session, "role.deleted", name, {})


async def _own(auth: Auth, caller: Principal, session: AsyncSession, name: str, expected: int | None) -> Role:
    if name in BUILT_IN:
        raise Conflict("A built-in role cannot be changed: make one of your own.")
    role = await locked(session, select(Role).where(Role.name == name), expected, shown)
    demand_held(auth, caller, role.permissions)
    return role


def _told(
    auth: Auth, caller: Principal, session: AsyncSession, action: str, name: str, details: dict[str, Any]
) -> None:
    auth.audit.write(session, action, f"role:{name}", tenant=caller.tenant, actor=caller.id, details=details)
    auth.announcements.changed(session, "tenant", caller.tenant)
