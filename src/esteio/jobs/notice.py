"""What is told of a task when it changes, to those who watch it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNotice:
    """A change of a visible job. `state`: running, retrying, succeeded, failed, cancelled."""

    id: UUID
    tenant: UUID
    name: str
    state: str
    principal: str
    attempts: int
    done: int | None = None
    total: int | None = None
    message: str | None = None
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @classmethod
    def of(cls, row: Mapping[Any, Any], tenant: UUID, error: dict[str, Any] | None = None) -> "TaskNotice":
        """The notice of a job that has ended, from its row."""
        return cls(
            id=row["id"],
            tenant=tenant,
            name=row["name"],
            state=row["outcome"],
            principal=row["principal"],
            attempts=row["attempts"],
            done=row["done"],
            total=row["total"],
            message=row["message"],
            error=error,
        )


Tell = Callable[[AsyncSession, TaskNotice], None]
"""Writes the notice to the outbox of the transaction that makes it true."""
