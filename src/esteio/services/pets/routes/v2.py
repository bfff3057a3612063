"""Pets in the envelope: both paginations, filters, sparse fields, conditions, feedings and status."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from esteio.auth.caller import Caller
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import list_etag, row_etag, version_condition
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.listing import Listing
from esteio.http.pagination import Numbered, numbered_links, numbered_meta
from esteio.http.rules import AUTHENTICATED, Cached, rules
from esteio.http.sessions import Session
from esteio.services.pets import queries, use_cases
from esteio.services.pets.queries import Row
from esteio.services.pets.routes.asked import Asked, Fields, PetsAsked, chosen_fields, sparse
from esteio.services.pets.schemas import (
    FeedingView,
    NewFeeding,
    NewPet,
    PetChange,
    PetView,
    SparsePetView,
    StatusChange,
)
from esteio.services.pets.settings import PetsSettings

BASE = "/api/v2/pets"

router = APIRouter(prefix="/pets", tags=["pets"])
PetId = Annotated[UUID, Path(description="The pet's id")]
_LISTING = Listing("pets", BASE, queries.PETS)
FRESH = Cached(seconds=5, tags=("pet",), per="tenant")


@router.get("", summary="List pets", response_model=Envelope[list[SparsePetView]])
@rules(limits=("default",), anonymous_limits=("pets.list",), cached=FRESH, replica=True)
async def list_pets(request: Request, asked: Asked) -> Answer:
    """Pages by `page` and `per_page`, or by `cursor` and `limit`, whose cost does not grow with depth."""
    tenant = exchange_of(request.scope).principal.tenant
    listed = await _LISTING.page(house_of(request), tenant, asked, PetsAsked.filters, again={"fields": asked.fields})
    return Answer(
        _shown(listed.rows, asked),
        etag=_tag(listed.rows, *listed.variant, asked.fields),
        links=listed.links,
        meta=listed.meta,
    )


@router.post("", status_code=201, summary="Register a pet", response_model=Envelope[PetView])
@rules(AUTHENTICATED, idempotent=True)
async def register_pet(request: Request, data: NewPet, caller: Caller, session: Session) -> Answer:
    """The new pet is active. Send an Idempotency-Key to be able to repeat the request safely."""
    pet = await use_cases.register_pet(caller=caller, session=session, clock=house_of(request).clock, data=data)
    return _one(pet, status=201, location=f"{BASE}/{pet.id}")


@router.get("/{pet_id}", summary="Read a pet", response_model=Envelope[SparsePetView])
@rules(limits=("default",), anonymous_limits=("pets.read",), cached=FRESH, replica=True)
async def read_pet(request: Request, pet_id: PetId, fields: Fields = None) -> Answer:
    """The pet with its ETag. Deleted pets are not found."""
    chosen = chosen_fields(fields)
    row = await queries.one_pet(house_of(request).database, exchange_of(request.scope).principal.tenant, pet_id)
    return Answer(sparse(row, chosen), etag=row_etag(row["version"], *chosen), links=_links(pet_id))


@router.put("/{pet_id}", summary="Replace a pet", response_model=Envelope[PetView])
@rules("pets:write", precondition="required")
async def replace_pet(request: Request, pet_id: PetId, data: NewPet, caller: Caller, session: Session) -> Answer:
    """Needs If-Match with the ETag that was last read, so that nobody's change is lost."""
    pet = await use_cases.replace_pet(
        caller=caller,
        session=session,
        clock=house_of(request).clock,
        pet_id=pet_id,
        expected=_expected(request),
        data=data,
    )
    return _one(pet)


@router.patch("/{pet_id}", summary="Change members of a pet", response_model=Envelope[PetView])
@rules("pets:write", precondition="accepted")
async def change_pet(request: Request, pet_id: PetId, data: PetChange, caller: Caller, session: Session) -> Answer:
    """Only the members that the body names change."""
    pet = await use_cases.change_pet(
        caller=caller,
        session=session,
        clock=house_of(request).clock,
        pet_id=pet_id,
        expected=_expected(request),
        data=data,
    )
    return _one(pet)


@router.delete("/{pet_id}", status_code=204, summary="Delete a pet", response_class=NoContent)
@rules("pets:delete", precondition="accepted")
async def delete_pet(request: Request, pet_id: PetId, caller: Caller, session: Session) -> Answer:
    """The pet can be restored for 30 days."""
    await use_cases.delete_pet(
        caller=caller, session=session, clock=house_of(request).clock, pet_id=pet_id, expected=_expected(request)
    )
    return NoContent()


@router.post("/{pet_id}/restore", summary="Restore a deleted pet", response_model=Envelope[PetView])
@rules("pets:delete", idempotent=True)
async def restore_pet(request: Request, pet_id: PetId, caller: Caller, session: Session) -> Answer:
    """Within 30 days of its deletion; a pet that is not deleted stays as it is."""
    house = house_of(request)
    settings: PetsSettings = house.settings["pets"]
    pet = await use_cases.restore_pet(
        caller=caller,
        session=session,
        clock=house.clock,
        pet_id=pet_id,
        restorable_days=settings.restorable_days,
    )
    return _one(pet)


@router.patch("/{pet_id}/status", summary="Change a pet's status", response_model=Envelope[PetView])
@rules("pets:write", precondition="accepted", errors=(409,))
async def change_status(
    request: Request, pet_id: PetId, data: StatusChange, caller: Caller, session: Session
) -> Answer:
    """Only to a status that the present one leads to (409 otherwise)."""
    pet = await use_cases.change_status(
        caller=caller,
        session=session,
        clock=house_of(request).clock,
        pet_id=pet_id,
        expected=_expected(request),
        status=data.status,
    )
    return _one(pet)


@router.get("/{pet_id}/feedings", summary="List a pet's feedings", response_model=Envelope[list[FeedingView]])
@rules(limits=("default",), anonymous_limits=("pets.read",), cached=FRESH, replica=True)
async def list_feedings(request: Request, pet_id: PetId, asked: Annotated[Numbered, Query()]) -> Answer:
    """The latest first, by `page` and `per_page`."""
    page = await queries.feedings_of(
        house_of(request).database,
        exchange_of(request.scope).principal.tenant,
        pet_id,
        page=asked.page or 1,
        per_page=asked.per_page or 20,
    )
    return Answer(
        page.rows,
        etag=list_etag(((row["id"], 1) for row in page.rows), page.total, page.page, page.per_page),
        links=numbered_links(f"{BASE}/{pet_id}/feedings", {}, page),
        meta=numbered_meta(page),
    )


@router.post("/{pet_id}/feedings", status_code=201, summary="Feed a pet", response_model=Envelope[FeedingView])
@rules(AUTHENTICATED, idempotent=True)
async def feed_pet(request: Request, pet_id: PetId, data: NewFeeding, caller: Caller, session: Session) -> Answer:
    """A hungry or active pet becomes `fed` by it."""
    feeding = await use_cases.feed_pet(
        caller=caller, session=session, clock=house_of(request).clock, pet_id=pet_id, data=data
    )
    return Answer(feeding, status=201, links=[Link(f"{BASE}/{pet_id}", "pet")])


def _one(pet: PetView, *, status: int = 200, location: str | None = None) -> Answer:
    return Answer(pet, status=status, etag=row_etag(pet.version), links=_links(pet.id), location=location)


def _links(pet_id: UUID) -> list[Link]:
    return [Link(f"{BASE}/{pet_id}", "self"), Link(f"{BASE}/{pet_id}/feedings", "feedings")]


def _expected(request: Request) -> int | None:
    return version_condition(exchange_of(request.scope).headers.get(b"if-match"))


def _shown(rows: Any, asked: PetsAsked) -> list[Row]:
    chosen = asked.chosen()
    return [sparse(row, chosen) for row in rows] if chosen else list(rows)


def _tag(rows: Any, *variant: Any) -> str:
    return list_etag(((row["id"], row["version"]) for row in rows), *variant)
