"""The facts that capsules tell to webhooks and to realtime."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from esteio.events.events import EventType
from esteio.services.capsules.states import Priority, Provider, Status


class CapsuleFact(BaseModel):
    """A capsule without its description, which may be long; `GET /api/v2/capsules/{id}` has all of it."""

    id: UUID
    project_name: str
    tech_stack: list[str]
    status: Status
    reason: str | None
    provider: Provider
    priority: Priority
    metadata: dict[str, Any]
    version: int
    current_version: int
    files: int
    job_id: UUID | None


class CapsuleDeletedFact(BaseModel):
    id: UUID
    deleted_at: datetime


CAPSULE_QUEUED = EventType("capsule.queued", CapsuleFact, "A capsule was ordered; a job makes it.")
CAPSULE_COMPLETED = EventType("capsule.completed", CapsuleFact, "A capsule has a new version that was generated.")
CAPSULE_FAILED = EventType("capsule.failed", CapsuleFact, "A capsule could not be made; `reason` says why.")
CAPSULE_UPDATED = EventType("capsule.updated", CapsuleFact, "A capsule was changed, or restored.")
CAPSULE_DELETED = EventType("capsule.deleted", CapsuleDeletedFact, "A capsule was deleted; it can be restored.")

ALL = (CAPSULE_QUEUED, CAPSULE_COMPLETED, CAPSULE_FAILED, CAPSULE_UPDATED, CAPSULE_DELETED)
