"""A service of tests that takes of quotas as services do: books that stand on a shelf, and loans by the day."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from esteio.auth.caller import Caller
from esteio.base.errors import Conflict
from esteio.base.schema import Body, Flag, Whole
from esteio.http.answers import Answer, NoContent
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.manifest import Manifest
from esteio.quotas.quota import Quota
from esteio.quotas.taking import give_back_all, take, take_all

BOOKS = Quota("shelf.books", 2, "books", words="Books on the shelf")
PAGES = Quota("shelf.pages", 1000, "pages", words="Pages of all books together")
LOANS = Quota("shelf.loans", 2, "loans", "day", "Books lent out in a day")
NOTES = Quota("shelf.notes", None, "notes", words="Notes in the margin")

router = APIRouter(prefix="/shelf", tags=["shelf"])
Pages = Annotated[int, Query(ge=0)]


class Book(Body):
    pages: Whole
    torn: Flag = False


@router.post("/books", status_code=201)
@rules("shelf:write", idempotent=True, quotas=("shelf.books", "shelf.pages"), errors=(409,))
async def put_up(request: Request, data: Book, caller: Caller, session: Session) -> Answer:
    """A book that is torn falls off again: nothing of the transaction stands."""
    now = house_of(request).clock.now()
    await take_all(session, {PAGES: data.pages, BOOKS: 1}, tenant=caller.tenant, now=now)
    if data.torn:
        raise Conflict
    return Answer({"pages": data.pages}, status=201)


@router.delete("/books", status_code=204, response_class=NoContent)
@rules("shelf:write", quotas=("shelf.books", "shelf.pages"))
async def take_down(request: Request, pages: Pages, caller: Caller, session: Session) -> Answer:
    now = house_of(request).clock.now()
    await give_back_all(session, {PAGES: pages, BOOKS: 1}, tenant=caller.tenant, now=now)
    return NoContent()


@router.post("/loans", status_code=201)
@rules("shelf:write", idempotent=True, quotas=("shelf.loans",))
async def lend(request: Request, caller: Caller, session: Session) -> Answer:
    await take(session, LOANS, tenant=caller.tenant, now=house_of(request).clock.now())
    return Answer({}, status=201)


@router.post("/notes", status_code=201)
@rules("shelf:write", quotas=("shelf.notes",))
async def note_down(request: Request, caller: Caller, session: Session) -> Answer:
    await take(session, NOTES, tenant=caller.tenant, now=house_of(request).clock.now())
    return Answer({}, status=201)


@router.post("/foreign/{tenant_id}", status_code=201)
@rules("shelf:write")
async def of_another(request: Request, tenant_id: UUID, session: Session) -> Answer:
    """What no service should do: of a tenant that the transaction does not run as."""
    await take(session, BOOKS, tenant=tenant_id, now=house_of(request).clock.now())
    return Answer({}, status=201)


SHELF = Manifest(
    name="shelf",
    routers={"v2": router},
    permissions={"shelf:write": "put books up and lend them"},
    quotas=(BOOKS, PAGES, LOANS, NOTES),
)
