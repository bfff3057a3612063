"""Quotas of the caller's tenant; and of plans and tenants, for administrators of the deployment."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.audit import Audit
from esteio.auth.caller import Caller
from esteio.auth.schemas import PlanName
from esteio.auth.tables import Plan, PlanQuota, TenantQuota
from esteio.auth.use_cases.tenants import one_tenant
from esteio.base.errors import NotFound
from esteio.base.principal import Principal
from esteio.db.transaction import enter_tenant
from esteio.http.answers import Answer, NoContent
from esteio.http.envelope import Envelope
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.quotas.lists import Line, look_at_all, read_all
from esteio.quotas.quota import Quota
from esteio.quotas.schemas import AmountSetting, PlanQuotaView, QuotaView, shown

router = APIRouter(tags=["quotas"])
READ = "quotas:read"
PERMISSIONS = {READ: "See what the tenant may have and use, and what it has and uses"}

TenantId = Annotated[UUID, Path(description="The tenant's id")]
PlanIs = Annotated[PlanName, Path(description="The plan's name")]
QuotaName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="The quota's name")]


@router.get("/quotas", summary="List your quotas", response_model=Envelope[list[QuotaView]])
@rules(READ)
async def list_quotas(request: Request, caller: Caller) -> Answer:
    """What the caller's tenant may have and use, what of it is used, and when a period is counted anew."""
    house = house_of(request)
    return _listed(await read_all(house.database, caller.tenant, _declared(request).values(), house.clock.now()))


@router.get("/tenants/{tenant_id}/quotas", summary="List a tenant's quotas", response_model=Envelope[list[QuotaView]])
@rules("limits:read")
async def list_tenant_quotas(request: Request, tenant_id: TenantId, session: Session) -> Answer:
    """As the tenant itself sees them."""
    await one_tenant(session, tenant_id)
    await enter_tenant(session, tenant_id)
    return _listed(await _lines(request, session, tenant_id, _declared(request)))


@router.put("/tenants/{tenant_id}/quotas/{quota}", summary="Set a tenant's quota", response_model=Envelope[QuotaView])
@rules("limits:write")
async def set_tenant_quota(
    request: Request, tenant_id: TenantId, quota: QuotaName, data: AmountSetting, caller: Caller, session: Session
) -> Answer:
    """In place of what its plan gives; whatever is taken from now on is measured by it."""
    one = _one(request, quota)
    await one_tenant(session, tenant_id)
    await enter_tenant(session, tenant_id)
    statement = insert(TenantQuota).values(tenant_id=tenant_id, quota=one.name, amount=data.amount)
    key = ["tenant_id", "quota"]
    await session.execute(statement.on_conflict_do_update(index_elements=key, set_={"amount": data.amount}))
    line = (await _lines(request, session, tenant_id, {one.name: one}))[0]
    await enter_tenant(session, caller.tenant)
    _act(request, session, caller, "tenant_quota.set", f"tenant:{tenant_id}", {"quota": quota, "amount": data.amount})
    return Answer(shown(line), cache_control="no-store")


@router.delete(
    "/tenants/{tenant_id}/quotas/{quota}", status_code=204, summary="Reset a tenant's quota", response_class=NoContent
)
@rules("limits:write")
async def reset_tenant_quota(
    request: Request, tenant_id: TenantId, quota: QuotaName, caller: Caller, session: Session
) -> Answer:
    """Back to what its plan gives."""
    await one_tenant(session, tenant_id)
    await enter_tenant(session, tenant_id)
    row = delete(TenantQuota).where(TenantQuota.tenant_id == tenant_id, TenantQuota.quota == quota)
    if await session.scalar(row.returning(TenantQuota.quota)) is None:
        raise NotFound("The tenant has no amount of its own for this quota.")
    await enter_tenant(session, caller.tenant)
    _act(request, session, caller, "tenant_quota.reset", f"tenant:{tenant_id}", {"quota": quota})
    return NoContent()


@router.put("/plans/{name}/quotas/{quota}", summary="Set a plan's quota", response_model=Envelope[PlanQuotaView])
@rules("limits:write")
async def set_plan_quota(
    request: Request, name: PlanIs, quota: QuotaName, data: AmountSetting, caller: Caller, session: Session
) -> Answer:
    """For every tenant on the plan that has no amount of its own; whatever is taken from now on is measured by it."""
    _one(request, quota)
    # Held, so that nobody deletes the plan before its quota stands.
    if await session.scalar(select(Plan.name).where(Plan.name == name).with_for_update(key_share=True)) is None:
        raise NotFound("There is no plan of this name.")
    statement = insert(PlanQuota).values(plan=name, quota=quota, amount=data.amount)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["plan", "quota"], set_={"amount": data.amount})
    )
    _act(request, session, caller, "plan_quota.set", name, {"quota": quota, "amount": data.amount})
    return Answer(PlanQuotaView(plan=name, quota=quota, amount=data.amount), cache_control="no-store")


@router.delete(
    "/plans/{name}/quotas/{quota}", status_code=204, summary="Reset a plan's quota", response_class=NoContent
)
@rules("limits:write")
async def reset_plan_quota(
    request: Request, name: PlanIs, quota: QuotaName, caller: Caller, session: Session
) -> Answer:
    """Back to what the service declares."""
    row = delete(PlanQuota).where(PlanQuota.plan == name, PlanQuota.quota == quota)
    if await session.scalar(row.returning(PlanQuota.quota)) is None:
        raise NotFound("The plan sets no amount for this quota.")
    _act(request, session, caller, "plan_quota.reset", name, {"quota": quota})
    return NoContent()


def _declared(request: Request) -> Mapping[str, Quota]:
    declared: Mapping[str, Quota] = house_of(request).parts["quotas"]
    return declared


def _one(request: Request, name: str) -> Quota:
    found = _declared(request).get(name)
    if found is None:
        raise NotFound("There is no declared quota of this name.")
    return found


async def _lines(request: Request, session: AsyncSession, tenant: UUID, quotas: Mapping[str, Quota]) -> list[Line]:
    return await look_at_all(session, tenant, quotas.values(), house_of(request).clock.now())


def _listed(lines: list[Line]) -> Answer:
    return Answer([shown(line) for line in lines], cache_control="no-store")


def _act(
    request: Request, session: AsyncSession, caller: Principal, action: str, subject: str, details: dict[str, Any]
) -> None:
    audit: Audit = house_of(request).parts["audit"]
    audit.write(session, action, subject, tenant=caller.tenant, actor=caller.id, details=details)
