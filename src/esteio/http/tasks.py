"""How an operation answers that begins a task: accepted, and where to ask what became of it."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from esteio.base.schema import View
from esteio.http.answers import Answer, Link

BASE = "/api/v2/tasks"
AGAIN = 1
"""Seconds after which it is worth asking."""


class AcceptedTask(View):
    """A task that was written down. `GET /api/v2/tasks/{id}` shows its progress, then its result."""

    id: UUID
    type: str = Field(examples=["pets.export"])
    state: Literal["queued"]


def accepted(task: UUID, kind: str) -> Answer:
    """202 with the task's address in `Location`. `kind` is the name of the job's kind."""
    place = f"{BASE}/{task}"
    return Answer(
        {"id": task, "type": kind, "state": "queued"},
        status=202,
        location=place,
        links=[Link(place, "task")],
        cache_control="no-store",
        headers={"Retry-After": str(AGAIN)},
    )


ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "The task was written down",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in ("Location", "Retry-After", "Link")},
    }
}
"""What such an operation adds to its `responses`, for the documents."""
