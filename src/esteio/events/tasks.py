"""The facts that tasks tell: what somebody watches a progress bar by, and a webhook reports the end with."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.clock import Clock
from esteio.events.events import EventType, tell
from esteio.jobs.notice import TaskNotice, Tell


class TaskProgress(BaseModel):
    done: int | None
    total: int | None
    message: str | None


class TaskFact(BaseModel):
    """A task as its watchers see it change; `GET /api/v2/tasks/{id}` shows it whole."""

    id: UUID
    type: str
    state: str
    attempts: int
    progress: TaskProgress
    result: dict[str, Any] | None
    error: dict[str, Any] | None


TASK_RUNNING = EventType("task.running", TaskFact, "A task runs, or got further.")
TASK_RETRYING = EventType("task.retrying", TaskFact, "A run of a task failed; it will be tried again.")
TASK_SUCCEEDED = EventType("task.succeeded", TaskFact, "A task was done.")
TASK_FAILED = EventType("task.failed", TaskFact, "A task failed for good; it can be tried again by hand.")
TASK_CANCELLED = EventType("task.cancelled", TaskFact, "A task was cancelled.")

TASK_EVENTS = (TASK_RUNNING, TASK_RETRYING, TASK_SUCCEEDED, TASK_FAILED, TASK_CANCELLED)
_BY_STATE = {event.name.partition(".")[2]: event for event in TASK_EVENTS}


def tells_tasks(clock: Clock) -> Tell:
    """What writes the notices of tasks to the outbox."""

    def tell_task(session: AsyncSession, notice: TaskNotice) -> None:
        fact = TaskFact(
            id=notice.id,
            type=notice.name,
            state=notice.state,
            attempts=notice.attempts,
            progress=TaskProgress(done=notice.done, total=notice.total, message=notice.message),
            result=notice.result,
            error=notice.error,
        )
        tell(
            session,
            _BY_STATE[notice.state],
            fact,
            subject=notice.id,
            tenant=notice.tenant,
            principal=notice.principal,
            at=clock.now(),
        )

    return tell_task
