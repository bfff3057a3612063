"""Organisations of the signed-in caller. An organisation is a tenant; its members are at `/users`."""

from typing import Annotated

from fastapi import APIRouter, Path

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.organization_schemas import NewOrganization, OrganizationChange, OrganizationView
from esteio.auth.routes.asked import Address, Expected
from esteio.auth.routes.browser import BrowserAsked
from esteio.auth.schemas import SLUG_PATTERN
from esteio.auth.session_schemas import Switch, TokensView
from esteio.auth.use_cases import organizations
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import row_etag
from esteio.http.rules import AUTHENTICATED, rules
from esteio.http.sessions import Session

BASE = "/api/v2/organizations"
LIMIT = "organizations"
router = APIRouter(tags=["organizations"])
Slug = Annotated[str, Path(pattern=SLUG_PATTERN, description="The organisation's slug")]


@router.get("/organizations", summary="List my organisations", response_model=Envelope[list[OrganizationView]])
@rules(AUTHENTICATED)
async def list_organizations(auth: AuthParts, caller: Caller) -> Answer:
    """Those that the signed-in user may come into, by name, at most 200."""
    return Answer(await organizations.mine(auth, caller=caller), cache_control="no-store")


@router.post(
    "/organizations", status_code=201, summary="Make an organisation", response_model=Envelope[OrganizationView]
)
@rules(AUTHENTICATED, limits=("default", LIMIT), idempotent=True, errors=(403, 409))
async def create_organization(data: NewOrganization, auth: AuthParts, caller: Caller, session: Session) -> Answer:
    """The signed-in user becomes its administrator. `POST /auth/switch` changes over to it."""
    return _one(await organizations.create_organization(auth, caller=caller, session=session, data=data), status=201)


@router.get("/organizations/current", summary="Read my organisation", response_model=Envelope[OrganizationView])
@rules(AUTHENTICATED)
async def read_organization(auth: AuthParts, caller: Caller, session: Session) -> Answer:
    """The one that the caller acts in, with its ETag."""
    return _one(await organizations.current(auth, caller=caller, session=session))


@router.patch("/organizations/current", summary="Change my organisation", response_model=Envelope[OrganizationView])
@rules("organization:write", precondition="accepted")
async def change_organization(
    data: OrganizationChange, auth: AuthParts, caller: Caller, session: Session, expected: Expected
) -> Answer:
    """Its name. Its plan is the operator's matter."""
    return _one(
        await organizations.change_organization(auth, caller=caller, session=session, expected=expected, data=data)
    )


@router.get("/organizations/{slug}", summary="Read an organisation", response_model=Envelope[OrganizationView])
@rules(AUTHENTICATED)
async def read_one_organization(slug: Slug, auth: AuthParts, caller: Caller) -> Answer:
    """One that the signed-in user may come into; 404 for any other."""
    return _one(await organizations.one(auth, caller=caller, slug=slug))


@router.post("/organizations/{slug}/leave", status_code=204, summary="Leave an organisation", response_class=NoContent)
@rules(AUTHENTICATED, errors=(409,))
async def leave_organization(slug: Slug, auth: AuthParts, caller: Caller) -> Answer:
    """No longer a member, from this moment on. 409 for its only administrator."""
    await organizations.leave(auth, caller=caller, slug=slug)
    return NoContent()


@router.post("/auth/switch", summary="Act in another organisation", response_model=Envelope[TokensView])
@rules(AUTHENTICATED)
async def switch(data: Switch, auth: AuthParts, caller: Caller, browser: BrowserAsked, address: Address) -> Answer:
    """A new login in another organisation of the user; the present one goes on. 404 for one they are not in.

    With `session: "cookie"` the browser keeps the new one in place of the other.
    """
    browser.demand(data.session)
    entered = await organizations.switch(auth, caller=caller, slug=data.organization, address=address)
    return browser.entered(entered, data.session)


def _one(found: OrganizationView, *, status: int = 200) -> Answer:
    place = f"{BASE}/{found.slug}"
    links = [Link(place, "self"), Link("/api/v2/auth/switch", "switch", "POST"), Link("/api/v2/users", "members")]
    return Answer(
        found,
        status=status,
        etag=row_etag(found.version, *found.roles),
        links=links,
        location=place if status == 201 else None,
        cache_control="no-store",
    )
