"""Roles of the caller's tenant: the built-in ones, which cannot be changed, and its own."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import select

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.listing import Listing, containing, listed
from esteio.auth.routes.asked import CursorsOfHouse, Expected
from esteio.auth.schemas import ROLE_PATTERN, NewRole, RoleChange, RoleView
from esteio.auth.tables import Role
from esteio.auth.use_cases import roles
from esteio.base.schema import Text
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import row_etag
from esteio.http.pagination import Paging, SortOrder
from esteio.http.rules import rules
from esteio.http.sessions import Session

BASE = "/api/v2/roles"
router = APIRouter(prefix="/roles", tags=["roles"])
RoleName = Annotated[str, Path(pattern=ROLE_PATTERN, description="The role's name")]
_LISTING = Listing("roles", BASE, Role.name, lambda role: role.name, str, descending=False)


class RolesAsked(Paging):
    search: Text | None = Query(None, max_length=200, description="Only whose name or description contains this")
    sort_order: SortOrder | None = Query(None, description="Direction of the order, which is by name")


@router.get("", summary="List the tenant's own roles", response_model=Envelope[list[RoleView]])
@rules("roles:read")
async def list_roles(
    asked: Annotated[RolesAsked, Query()], caller: Caller, session: Session, cursors: CursorsOfHouse
) -> Answer:
    """By name. The built-in ones are at `/roles/built-in`."""
    query = select(Role)
    if asked.search is not None:
        query = query.where(containing(asked.search, Role.name, Role.description))
    filters = asked.model_dump(mode="json", exclude=set(Paging.model_fields))
    listing = _LISTING.sorted(asked.sort_order)
    page = await listed(session, listing, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    return page.answer(roles.shown)


@router.get("/built-in", summary="List the built-in roles", response_model=Envelope[list[RoleView]])
@rules("roles:read")
async def list_built_in_roles(auth: AuthParts, caller: Caller) -> Answer:
    """`admin` and `user`, with what they hold in this tenant."""
    return Answer(roles.built_in(auth, caller.tenant), cache_control="no-store")


@router.post("", status_code=201, summary="Make a role", response_model=Envelope[RoleView])
@rules("roles:write", idempotent=True)
async def create_role(data: NewRole, auth: AuthParts, caller: Caller, session: Session) -> Answer:
    """Its permissions are such as the caller holds (403 otherwise)."""
    role = await roles.create_role(auth, caller=caller, session=session, data=data)
    address = f"{BASE}/{role.name}"
    return Answer(role, status=201, etag=row_etag(role.version), location=address, links=[Link(address, "self")])


@router.get("/{name}", summary="Read a role", response_model=Envelope[RoleView])
@rules("roles:read")
async def read_role(name: RoleName, auth: AuthParts, caller: Caller, session: Session) -> Answer:
    """A built-in role or one of the tenant's own."""
    return _one(await roles.one_role(auth, caller=caller, session=session, name=name))


@router.patch("/{name}", summary="Change a role", response_model=Envelope[RoleView])
@rules("roles:write", precondition="accepted", errors=(409,))
async def change_role(
    name: RoleName, data: RoleChange, auth: AuthParts, caller: Caller, session: Session, expected: Expected
) -> Answer:
    """In force for everybody who holds it within a moment."""
    role = await roles.change_role(auth, caller=caller, session=session, name=name, expected=expected, data=data)
    return _one(role)


@router.delete("/{name}", status_code=204, summary="Delete a role", response_class=NoContent)
@rules("roles:write", precondition="accepted", errors=(409,))
async def delete_role(name: RoleName, auth: AuthParts, caller: Caller, session: Session, expected: Expected) -> Answer:
    """409 while a user holds it."""
    await roles.delete_role(auth, caller=caller, session=session, name=name, expected=expected)
    return NoContent()


def _one(role: RoleView) -> Answer:
    variant = ",".join(role.permissions) if role.built_in else ""
    return Answer(role, etag=row_etag(role.version, variant), links=[Link(f"{BASE}/{role.name}", "self")])
