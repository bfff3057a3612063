"""Users of the caller's tenant."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from esteio.auth.accounts import normal_email
from esteio.auth.caller import AuthParts, Caller
from esteio.auth.listing import Listing, listed
from esteio.auth.routes.asked import CursorsOfHouse, Expected
from esteio.auth.schemas import NewUser, UserChange, UserView
from esteio.auth.tables import Membership, User
from esteio.auth.use_cases import users
from esteio.base.schema import Text
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import row_etag
from esteio.http.pagination import Paging
from esteio.http.rules import rules
from esteio.http.sessions import Session

BASE = "/api/v2/users"
router = APIRouter(prefix="/users", tags=["users"])
UserId = Annotated[UUID, Path(description="The user's id")]
_LISTING = Listing("users", BASE, Membership.user_id, lambda row: row[0].user_id, UUID)


class UsersAsked(Paging):
    email: Text | None = Query(None, max_length=254, description="Only the user with this e-mail address")


@router.get("", summary="List users", response_model=Envelope[list[UserView]])
@rules("users:read")
async def list_users(
    asked: Annotated[UsersAsked, Query()], caller: Caller, session: Session, cursors: CursorsOfHouse
) -> Answer:
    """The newest accounts first."""
    query = users.members()
    if asked.email is not None:
        query = query.where(User.email == normal_email(asked.email))
    filters = {"email": asked.email}
    page = await listed(session, _LISTING, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    return page.answer(users.shown)


@router.post("", status_code=201, summary="Make a user", response_model=Envelope[UserView])
@rules("users:write", idempotent=True)
async def create_user(data: NewUser, auth: AuthParts, caller: Caller, session: Session) -> Answer:
    """409 when the address belongs to a user of this tenant. An account of another tenant is let in as it is."""
    user = await users.create_user(auth, caller=caller, session=session, data=data)
    address = f"{BASE}/{user.id}"
    return Answer(user, status=201, etag=row_etag(user.version), location=address, links=[Link(address, "self")])


@router.get("/{user_id}", summary="Read a user", response_model=Envelope[UserView])
@rules("users:read")
async def read_user(user_id: UserId, session: Session) -> Answer:
    """The user as the tenant knows it, with its ETag."""
    return _one(await users.one_user(session, user_id))


@router.patch("/{user_id}", summary="Change a user", response_model=Envelope[UserView])
@rules("users:write", precondition="accepted", errors=(409,))
async def change_user(
    user_id: UserId, data: UserChange, auth: AuthParts, caller: Caller, session: Session, expected: Expected
) -> Answer:
    """Name, roles, enabled. Who is disabled is logged out of the tenant at once."""
    user = await users.change_user(auth, caller=caller, session=session, user_id=user_id, expected=expected, data=data)
    return _one(user)


@router.delete("/{user_id}", status_code=204, summary="Remove a user", response_class=NoContent)
@rules("users:write", precondition="accepted", errors=(409,))
async def remove_user(user_id: UserId, auth: AuthParts, caller: Caller, session: Session, expected: Expected) -> Answer:
    """Out of the tenant; the account itself belongs to its person."""
    await users.remove_user(auth, caller=caller, session=session, user_id=user_id, expected=expected)
    return NoContent()


def _one(user: UserView) -> Answer:
    return Answer(user, etag=row_etag(user.version), links=[Link(f"{BASE}/{user.id}", "self")])
