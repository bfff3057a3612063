"""Tenants of the deployment, for administrators of the default one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from sqlalchemy import select

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.listing import Listing, listed
from esteio.auth.routes.asked import CursorsOfHouse, Expected, Pages
from esteio.auth.schemas import NewTenant, TenantChange, TenantView
from esteio.auth.tables import Tenant
from esteio.auth.use_cases import tenants
from esteio.http.answers import Answer, Link
from esteio.http.envelope import Envelope
from esteio.http.etags import row_etag
from esteio.http.rules import rules
from esteio.http.sessions import Session

BASE = "/api/v2/tenants"
router = APIRouter(prefix="/tenants", tags=["tenants"])
TenantId = Annotated[UUID, Path(description="The tenant's id")]
_LISTING = Listing("tenants", BASE, Tenant.id, lambda tenant: tenant.id, UUID)


@router.get("", summary="List tenants", response_model=Envelope[list[TenantView]])
@rules("tenants:read")
async def list_tenants(asked: Pages, caller: Caller, session: Session, cursors: CursorsOfHouse) -> Answer:
    """The newest first."""
    page = await listed(session, _LISTING, select(Tenant), asked, cursors=cursors, tenant=caller.tenant)
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
