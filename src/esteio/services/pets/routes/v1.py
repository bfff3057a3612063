"""Pets as old clients parse them: plain arrays and objects, `skip` and `limit`."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from esteio.auth.caller import Caller
from esteio.base.schema import Text
from esteio.http.answers import Answer, NoContent
from esteio.http.etags import list_etag, row_etag, version_condition
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.rules import AUTHENTICATED, Cached, Deprecation, rules
from esteio.http.sessions import Session
from esteio.services.pets import queries, use_cases
from esteio.services.pets.schemas import NewPet, PetView

BASE = "/api/v1/pets"

router = APIRouter(prefix="/pets", tags=["pets"])
PetId = Annotated[UUID, Path(description="The pet's id")]
FRESH = Cached(seconds=5, tags=("pet",), per="tenant")
SEARCH_DEPRECATED = Deprecation(
    since=datetime(2026, 11, 1, tzinfo=UTC),
    sunset=datetime(2027, 11, 1, tzinfo=UTC),
    successor="/api/v2/pets",
    page="/docs/deprecations#pets-search",
)


@router.get("", summary="List pets", response_model=list[PetView])
@rules(limits=("default",), anonymous_limits=("pets.list",), cached=FRESH, replica=True)
async def list_pets(
    request: Request,
    skip: Annotated[int, Query(ge=0, le=1_000_000, description="Pets to leave out at the beginning")] = 0,
    limit: Annotated[int, Query(ge=1, le=100, description="Pets to answer at most")] = 100,
) -> Answer:
    """In the order of their registration."""
    tenant = exchange_of(request.scope).principal.tenant
    rows = await queries.PETS.skipping(
        house_of(request).database,
        tenant,
        filters={},
        sort_by="created_at",
        sort_order="asc",
        skip=skip,
        limit=limit,
    )
    return Answer(rows, etag=list_etag(((row["id"], row["version"]) for row in rows), "v1", skip, limit))


@router.get("/search", summary="Find pets by name", response_model=list[PetView])
@rules(limits=("default",), anonymous_limits=("pets.list",), deprecation=SEARCH_DEPRECATED, replica=True)
async def search_pets(
    request: Request,
    name: Annotated[Text, Query(min_length=1, max_length=100, description="The name contains this")],
) -> Answer:
    """Deprecated: v2 filters its list by `name`."""
    tenant = exchange_of(request.scope).principal.tenant
    rows = await queries.pets_named(house_of(request).database, tenant, name)
    return Answer(rows, etag=list_etag(((row["id"], row["version"]) for row in rows), "v1", name))


@router.get("/{pet_id}", summary="Read a pet", response_model=PetView)
@rules(limits=("default",), anonymous_limits=("pets.read",), cached=FRESH, replica=True)
async def read_pet(request: Request, pet_id: PetId) -> Answer:
    """The pet; deleted ones are not found."""
    row = await queries.one_pet(house_of(request).database, exchange_of(request.scope).principal.tenant, pet_id)
    return Answer(row, etag=row_etag(row["version"], "v1"))


@router.post("", status_code=201, summary="Register a pet", response_model=PetView)
@rules(AUTHENTICATED, idempotent=True)
async def register_pet(request: Request, data: NewPet, caller: Caller, session: Session) -> Answer:
    """The new pet is active."""
    pet = await use_cases.register_pet(caller=caller, session=session, clock=house_of(request).clock, data=data)
    return Answer(pet, status=201, etag=row_etag(pet.version, "v1"), location=f"{BASE}/{pet.id}")


@router.put("/{pet_id}", summary="Replace a pet", response_model=PetView)
@rules("pets:write", precondition="accepted")
async def replace_pet(request: Request, pet_id: PetId, data: NewPet, caller: Caller, session: Session) -> Answer:
    """Everything but status and times is replaced."""
    pet = await use_cases.replace_pet(
        caller=caller,
        session=session,
        clock=house_of(request).clock,
        pet_id=pet_id,
        expected=_expected(request),
        data=data,
    )
    return Answer(pet, etag=row_etag(pet.version, "v1"))


@router.delete("/{pet_id}", status_code=204, summary="Delete a pet", response_class=NoContent)
@rules("pets:delete", precondition="accepted")
async def delete_pet(request: Request, pet_id: PetId, caller: Caller, session: Session) -> Answer:
    """It can be restored for 30 days, by v2."""
    await use_cases.delete_pet(
        caller=caller, session=session, clock=house_of(request).clock, pet_id=pet_id, expected=_expected(request)
    )
    return NoContent()


def _expected(request: Request) -> int | None:
    return version_condition(exchange_of(request.scope).headers.get(b"if-match"))
