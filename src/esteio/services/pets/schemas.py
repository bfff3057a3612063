"""What callers send and receive."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from esteio.base.schema import Body, Change, Day, Moment, Number, Text, View, Whole

Species = Literal["dog", "cat", "bird", "rodent", "reptile", "fish", "other"]
Sex = Literal["female", "male", "unknown"]
Status = Literal["active", "fed", "hungry", "sick", "in_treatment", "adopted", "lost", "deceased"]

TRANSITIONS: dict[Status, frozenset[Status]] = {
    "active": frozenset({"fed", "hungry", "sick", "adopted", "lost", "deceased"}),
    "fed": frozenset({"active", "hungry", "sick", "adopted", "lost", "deceased"}),
    "hungry": frozenset({"active", "fed", "sick", "adopted", "lost", "deceased"}),
    "sick": frozenset({"in_treatment", "active", "lost", "deceased"}),
    "in_treatment": frozenset({"active", "sick", "lost", "deceased"}),
    "adopted": frozenset({"active", "lost", "deceased"}),
    "lost": frozenset({"active", "deceased"}),
    "deceased": frozenset(),
}
"""Where each status may lead. A status always leads to itself: saying it again changes nothing."""


def _plausible_birth(day: date) -> date:
    if day.year < 1900:
        raise ValueError("birth dates begin in 1900")
    return day


Name = Annotated[Text, Field(min_length=1, max_length=100, examples=["Rex"])]
Breed = Annotated[Text, Field(min_length=1, max_length=100, examples=["Vira-lata"])]
Owner = Annotated[Text, Field(min_length=1, max_length=100, examples=["Maria Souza"])]
Notes = Annotated[Text, Field(max_length=2000)]
WeightKg = Annotated[Number, Field(gt=0, le=9999, description="Kilograms, kept to the gram", examples=[12.5])]
BirthDate = Annotated[Day, AfterValidator(_plausible_birth)]


class NewPet(Body):
    """A pet to register, or the whole of one to put in its place."""

    name: Name
    species: Species
    breed: Breed | None = None
    sex: Sex | None = None
    birth_date: BirthDate | None = None
    weight_kg: WeightKg | None = None
    owner: Owner | None = Field(None, description="The owner's name; the caller's own name unless said")
    notes: Notes | None = None


class PetChange(Change):
    """The members that shall change; those that are left out stay. `null` empties a member that may be empty."""

    never_empty = frozenset({"name", "species", "owner"})

    name: Name | None = None
    species: Species | None = None
    breed: Breed | None = None
    sex: Sex | None = None
    birth_date: BirthDate | None = None
    weight_kg: WeightKg | None = None
    owner: Owner | None = None
    notes: Notes | None = None


class StatusChange(Body):
    status: Status


class NewFeeding(Body):
    """`fed_at` is the present unless said; it may lie a day ahead of our clock at most, and after 1999."""

    food: Annotated[Text, Field(min_length=1, max_length=100, examples=["kibble"])]
    grams: Annotated[Whole, Field(ge=1, le=100_000, examples=[150])]
    fed_at: Moment | None = None


class PetView(View):
    id: UUID
    name: str
    species: Species
    breed: str | None
    sex: Sex | None
    birth_date: date | None
    weight_kg: float | None
    status: Status
    owner: str
    notes: str | None
    created_at: datetime
    updated_at: datetime
    version: int = Field(ge=1)


class SparsePetView(View):
    """A pet, or those of its members that `fields` names."""

    id: UUID | None = None
    name: str | None = None
    species: Species | None = None
    breed: str | None = None
    sex: Sex | None = None
    birth_date: date | None = None
    weight_kg: float | None = None
    status: Status | None = None
    owner: str | None = None
    notes: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    version: int | None = None


class FeedingView(View):
    id: UUID
    pet_id: UUID
    food: str
    grams: int
    fed_at: datetime
    by: str


PET_FIELDS = tuple(PetView.model_fields)
FEEDING_FIELDS = tuple(FeedingView.model_fields)

ExportFormat = Literal["csv", "csv.gz", "ndjson"]


class PetExport(Body):
    """How a pet with its feedings is written down."""

    format: ExportFormat = "csv"


class PetsExport(PetExport):
    """Which pets are written down, and how. Filters are those of the list and hold together (and)."""

    species: Species | None = None
    status: Status | None = None
    name: Annotated[Text, Field(min_length=1, max_length=100)] | None = Field(
        None, description="The name contains this, whatever its case"
    )
    born_before: Day | None = None
    born_after: Day | None = None
    updated_since: Moment | None = Field(None, description="RFC 3339, as 2026-11-21T10:30:00Z")

    def filters(self) -> dict[str, Any]:
        """The filters that were named."""
        return {name: value for name, value in self if name != "format" and value is not None}
