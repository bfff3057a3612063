"""Tenants of the deployment, for administrators of the default one."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy import ColumnElement, select

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.listing import Listing, containing, listed
from esteio.auth.routes.asked import CursorsOfHouse, Expected
from esteio.auth.schemas import NewTenant, TenantChange, TenantView
from esteio.auth.tables import Tenant
from esteio.auth.use_cases import tenants
from esteio.base.schema import Text
from esteio.http.answers import Answer, Link
from esteio.http.envelope import Envelope
from esteio.http.etags import row_etag
from esteio.http.pagination import Paging, SortOrder
from esteio.http.rules import rules
from esteio.http.sessions import Session

BASE = "/api/v2/tenants"
router = APIRouter(prefix="/tenants", tags=["tenants"])
TenantId = Annotated[UUID, Path(description="The tenant's id")]
_LISTING = Listing("tenants", BASE, Tenant.id, lambda tenant: tenant.id, UUID)
_ORDERS = {
    "created_at": _LISTING,
    "slug": Listing("tenants", BASE, Tenant.slug, lambda tenant: tenant.slug, str, descending=False),
    "name": _LISTING.by(Tenant.name, lambda tenant: str(tenant.name)),
}


class TenantsAsked(Paging):
    search: Text | None = Query(None, max_length=200, description="Only whose slug or name contains this")
    plan: Text | None = Query(None, max_length=64, description="Only those on this plan")
    enabled: bool | None = Query(None, description="Only those that are enabled, or only those that are not")
    sort_by: Literal["created_at", "slug", "name"] | None = Query(None, description="The newest first unless said")
    sort_order: SortOrder | None = Query(None, description="Direction of the order")

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filters that are said."""
        found = []
        if self.search is not None:
            found.append(containing(self.search, Tenant.slug, Tenant.name))
        if self.plan is not None:
            found.append(Tenant.plan == self.plan)
        if self.enabled is not None:
            found.append(Tenant.disabled_at.is_(None) if self.enabled else Tenant.disabled_at.is_not(None))
        return found


@router.get("", summary="List tenants", response_model=Envelope[list[TenantView]])
@rules("tenants:read")
async def list_tenants(
    asked: Annotated[TenantsAsked, Query()], caller: Caller, session: Session, cursors: CursorsOfHouse
) -> Answer:
    """The newest first, or by slug or name."""
    query = select(Tenant).where(*asked.conditions())
    filters = asked.model_dump(mode="json", exclude=set(Paging.model_fields))
    listing = _ORDERS[asked.sort_by or "created_at"].sorted(asked.sort_order)
    page = await listed(session, listing, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    return page.answer(tenants.shown)


@router.post("", status_code=201, summary="Make a tenant", response_model=Envelope[TenantView])
@rules("tenants:write", idempotent=True)
async def create_tenant(data: NewTenant, auth: AuthParts, caller: Caller, session: Session) -> Answer:
    """With its first administrator, when one is named."""
    tenant = await tenants.create_tenant(auth, caller=caller, session=session, data=data)
    address = f"{BASE}/{tenant.id}"
    return Answer(tenant, status=201, etag=row_etag(tenant.version), location=address, links=[Link(address, "self")])


@router.get("/{tenant_id}", summary="Read a tenant", response_model=Envelope[TenantView])
@rules("tenants:read")
async def read_tenant(tenant_id: TenantId, session: Session) -> Answer:
    """The tenant with its ETag."""
    return _one(await tenants.one_tenant(session, tenant_id))


@router.patch("/{tenant_id}", summary="Change a tenant", response_model=Envelope[TenantView])
@rules("tenants:write", precondition="accepted", errors=(409,))
async def change_tenant(
    tenant_id: TenantId, data: TenantChange, auth: AuthParts, caller: Caller, session: Session, expected: Expected
) -> Answer:
    """Name, plan, enabled. Callers of a disabled tenant are refused within a moment."""
    tenant = await tenants.change_tenant(
        auth, caller=caller, session=session, tenant_id=tenant_id, expected=expected, data=data
    )
    return _one(tenant)


def _one(tenant: TenantView) -> Answer:
    return Answer(tenant, etag=row_etag(tenant.version), links=[Link(f"{BASE}/{tenant.id}", "self")])
