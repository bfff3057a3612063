"""Tenants of the deployment, for administrators of the default one: nobody else can hold these permissions."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.parts import Auth
from esteio.auth.permissions import ADMIN
from esteio.auth.schemas import NewTenant, TenantChange, TenantView
from esteio.auth.tables import Tenant
from esteio.auth.use_cases.rows import changed, flush_with_plan, locked
from esteio.auth.use_cases.users import admit
from esteio.base.errors import Conflict, FieldError, Invalid, NotFound
from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.db.transaction import enter_tenant


def shown(tenant: Tenant) -> TenantView:
    return TenantView(
        id=tenant.id,
        slug=tenant.slug,
        name=tenant.name,
        plan=tenant.plan,
        enabled=tenant.disabled_at is None,
        created_at=tenant.created_at,
        updated_at=tenant.updated_at,
        version=tenant.version,
    )


async def one_tenant(session: AsyncSession, tenant_id: UUID) -> TenantView:
    """Raises `NotFound`."""
    found = await session.scalar(select(Tenant).where(Tenant.id == tenant_id))
    if found is None:
        raise NotFound
    return shown(found)


async def create_tenant(auth: Auth, *, caller: Principal, session: AsyncSession, data: NewTenant) -> TenantView:
    """A new tenant, with its first administrator when one is named. Raises `Conflict` for a slug that is taken."""
    now, tenant = auth.clock.now(), new_id()
    values: dict[str, Any] = {"id": tenant, "slug": data.slug, "name": data.name, "plan": data.plan}
    values |= {"version": 1, "created_at": now, "updated_at": now}
    if await _insert(session, values) is None:
        sentence = "There is a tenant of this slug."
        raise Conflict(sentence, errors=[FieldError("SLUG_TAKEN", sentence, "slug", "#/slug")])
    if data.admin is not None:
        first = data.admin.model_copy(update={"roles": [ADMIN]})
        await enter_tenant(session, tenant)
        user = await admit(auth, session, tenant, first)
        auth.audit.write(session, "user.created", f"user:{user}", tenant=tenant, actor=caller.id)
        await session.flush()
        await enter_tenant(session, caller.tenant)
    _told(auth, caller, session, "tenant.created", tenant, {"slug": data.slug})
    return await one_tenant(session, tenant)


async def change_tenant(
    auth: Auth, *, caller: Principal, session: AsyncSession, tenant_id: UUID, expected: int | None, data: TenantChange
) -> TenantView:
    """Name, plan, or whether anybody of the tenant may call at all. The default tenant stays enabled (409)."""
    tenant = await locked(session, select(Tenant).where(Tenant.id == tenant_id), expected, shown)
    changes = data.changes()
    if changes.get("enabled") is False and tenant_id == DEFAULT_TENANT:
        raise Conflict("The default tenant cannot be disabled.")
    now = auth.clock.now()
    if "enabled" in changes:
        tenant.disabled_at = None if changes["enabled"] else (tenant.disabled_at or now)
    for name in ("name", "plan"):
        if name in changes:
            setattr(tenant, name, changes[name])
    changed(tenant, now)
    await flush_with_plan(session)
    _told(auth, caller, session, "tenant.changed", tenant_id, {"changed": sorted(changes)})
    auth.announcements.changed(session, "tenant", tenant_id)
    return shown(tenant)


async def _insert(session: AsyncSession, values: dict[str, Any]) -> UUID | None:
    try:
        made: UUID | None = await session.scalar(
            insert(Tenant).values(values).on_conflict_do_nothing().returning(Tenant.id)
        )
    except IntegrityError as error:
        raise Invalid.at("plan", "There is no such plan.", code="UNKNOWN_PLAN") from error
    return made


def _told(
    auth: Auth, caller: Principal, session: AsyncSession, action: str, tenant: UUID, details: dict[str, Any]
) -> None:
    auth.audit.write(session, action, f"tenant:{tenant}", tenant=caller.tenant, actor=caller.id, details=details)
