"""A task as callers see it."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from esteio.base.schema import Body, Moment, Text, View, Whole

State = Literal["queued", "running", "retrying", "succeeded", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("succeeded", "failed", "cancelled")


class ProgressView(View):
    """How far a task is, counted in `unit`; a member that is not known is null."""

    done: int | None
    total: int | None
    unit: str | None = Field(examples=["rows"])
    message: str | None


class TaskErrorView(View):
    """Why the last run failed, in words for whoever asked for it."""

    code: str
    title: str
    detail: str


class TaskView(View):
    id: UUID
    type: str = Field(examples=["pets.export"])
    state: State
    progress: ProgressView
    attempts: int = Field(description="Runs so far")
    next_attempt_at: Moment | None = Field(description="When a task that rests after a failure is tried again")
    cancel_requested: bool
    result: dict[str, Any] | None
    error: TaskErrorView | None
    created_by: str
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None


class TaskTypeView(View):
    """A type of task that this deployment has."""

    name: str = Field(examples=["pets.export"])
    unit: str | None = Field(description="What its progress counts", examples=["rows"])


class RetryOrder(Body):
    """Which dead letters run again: of one type or of all, the oldest first. What is said must all hold."""

    type: Text | None = Field(None, max_length=100, examples=["pets.export"])
    ids: list[UUID] | None = Field(None, min_length=1, max_length=1000, description="Only these tasks")
    limit: Whole = Field(100, ge=1, le=1000, description="At most so many")


class RetriedView(View):
    retried: int = Field(description="How many tasks wait again")
