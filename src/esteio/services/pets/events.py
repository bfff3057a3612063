"""The facts that pets tell to webhooks, to realtime and to other services."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from esteio.events.events import EventType
from esteio.services.pets.schemas import FeedingView, PetView


class PetFact(BaseModel):
    pet: PetView


class PetDeletedFact(BaseModel):
    id: UUID
    deleted_at: datetime


class StatusFact(BaseModel):
    pet: PetView
    previous: str


class FedFact(BaseModel):
    pet: PetView
    feeding: FeedingView


PET_CREATED = EventType("pet.created", PetFact, "A pet was registered, or restored after it had been deleted.")
PET_UPDATED = EventType("pet.updated", PetFact, "Members of a pet changed.")
PET_DELETED = EventType("pet.deleted", PetDeletedFact, "A pet was deleted; it can be restored for 30 days.")
PET_STATUS_CHANGED = EventType("pet.status_changed", StatusFact, "A pet went from one status to another.")
PET_FED = EventType("pet.fed", FedFact, "A pet was fed.")

ALL = (PET_CREATED, PET_UPDATED, PET_DELETED, PET_STATUS_CHANGED, PET_FED)
