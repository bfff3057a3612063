"""Users of the caller's tenant. A product may mount these routes once more under the names that its clients know."""

from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy import ColumnElement, literal

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.listing import Listing, containing, listed
from esteio.auth.routes.asked import CursorsOfHouse, Expected
from esteio.auth.schemas import NewUser, UserChange, UserView
from esteio.auth.tables import Membership
from esteio.auth.use_cases import users
from esteio.base.schema import Text
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import row_etag
from esteio.http.exchange import exchange_of
from esteio.http.pagination import Paging, SortOrder
from esteio.http.rules import rules
from esteio.http.sessions import Session

router = APIRouter(prefix="/users", tags=["users"])
UserId = Annotated[UUID, Path(description="The user's id")]
_LISTING = Listing("users", "", Membership.user_id, lambda row: row[0].user_id, UUID)
_BY_NAME = _LISTING.by(Membership.name, lambda row: str(row[0].name))


async def _collection(request: Request) -> str:
    operation = exchange_of(request.scope).operation
    assert operation is not None, "it was called"
    return operation.path.partition("/{")[0]


Collection = Annotated[str, Depends(_collection)]
"""The path at which the caller knows the list of users, from which everything links."""


class UsersAsked(Paging):
    email: Text | None = Query(None, max_length=254, description="Only the user with this e-mail address")
    search: Text | None = Query(None, max_length=254, description="Only whose name or e-mail address contains this")
    role: Text | None = Query(None, max_length=64, description="Only who holds this role")
    enabled: bool | None = Query(None, description="Only who may come in, or only who may not")
    sort_by: Literal["created_at", "name"] | None = Query(None, description="The newest accounts first unless said")
    sort_order: SortOrder | None = Query(None, description="Direction of the order")


@router.get("", summary="List users", response_model=Envelope[list[UserView]])
@rules("users:read")
async def list_users(
    asked: Annotated[UsersAsked, Query()],
    caller: Caller,
    session: Session,
    cursors: CursorsOfHouse,
    collection: Collection,
) -> Answer:
    """The newest accounts first, or by name."""
    query = users.members().where(*_conditions(asked))
    filters = asked.model_dump(mode="json", exclude=set(Paging.model_fields))
    listing = _BY_NAME if asked.sort_by == "name" else _LISTING
    listing = replace(listing.sorted(asked.sort_order), base=collection)
    page = await listed(session, listing, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    return page.answer(users.shown)


@router.post("", status_code=201, summary="Make a user", response_model=Envelope[UserView])
@rules("users:write", idempotent=True)
async def create_user(
    data: NewUser, auth: AuthParts, caller: Caller, session: Session, collection: Collection
) -> Answer:
    """409 when the address belongs to a user of this tenant. An account of another tenant is let in as it is."""
    user = await users.create_user(auth, caller=caller, session=session, data=data)
    return _one(user, collection, status=201)


@router.get("/{user_id}", summary="Read a user", response_model=Envelope[UserView])
@rules("users:read")
async def read_user(user_id: UserId, session: Session, collection: Collection) -> Answer:
    """The user as the tenant knows it, with its ETag."""
    return _one(await users.one_user(session, user_id), collection)


@router.patch("/{user_id}", summary="Change a user", response_model=Envelope[UserView])
@rules("users:write", precondition="accepted", errors=(409,))
async def change_user(
    user_id: UserId,
    data: UserChange,
    auth: AuthParts,
    caller: Caller,
    session: Session,
    expected: Expected,
    collection: Collection,
) -> Answer:
    """Name, roles, enabled. Who is disabled is logged out of the tenant at once."""
    user = await users.change_user(auth, caller=caller, session=session, user_id=user_id, expected=expected, data=data)
    return _one(user, collection)


@router.delete("/{user_id}", status_code=204, summary="Remove a user", response_class=NoContent)
@rules("users:write", precondition="accepted", errors=(409,))
async def remove_user(user_id: UserId, auth: AuthParts, caller: Caller, session: Session, expected: Expected) -> Answer:
    """Out of the tenant; the account itself belongs to its person."""
    await users.remove_user(auth, caller=caller, session=session, user_id=user_id, expected=expected)
    return NoContent()


def _conditions(asked: UsersAsked) -> list[ColumnElement[bool]]:
    found = []
    if asked.email is not None:
        found.append(users.addressed(asked.email))
    if asked.search is not None:
        found.append(containing(asked.search, Membership.name, users.ADDRESS))
    if asked.role is not None:
        found.append(literal(asked.role) == Membership.roles.any_())
    if asked.enabled is not None:
        found.append(Membership.disabled_at.is_(None) if asked.enabled else Membership.disabled_at.is_not(None))
    return found


def _one(user: UserView, collection: str, *, status: int = 200) -> Answer:
    address = f"{collection}/{user.id}"
    location = address if status == 201 else None
    links = [Link(address, "self")]
    return Answer(user, status=status, etag=row_etag(user.version), links=links, location=location)
