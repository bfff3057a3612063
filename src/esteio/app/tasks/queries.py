"""Reads of tasks: the tenant's jobs that are visible, each with its ticket while it lives."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, String, Uuid, bindparam, case, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.app.tasks.schemas import ENDED, ProgressView, State, TaskErrorView, TaskView
from esteio.base.errors import NotFound
from esteio.base.principal import Principal
from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.jobs.kinds import JobKind
from esteio.jobs.tables import StoredJob, Ticket

READ_ALL = "tasks:read"
Kinds = Mapping[str, JobKind[Any]]

_COLUMNS = (
    StoredJob.id,
    StoredJob.name,
    func.coalesce(StoredJob.outcome, Ticket.state).label("state"),
    StoredJob.done,
    StoredJob.total,
    StoredJob.message,
    func.coalesce(Ticket.attempts, StoredJob.attempts).label("attempts"),
    case((Ticket.state == literal_column("'retrying'"), Ticket.due_at)).label("next_attempt_at"),
    func.coalesce(Ticket.cancel_requested, literal_column("false")).label("cancel_requested"),
    StoredJob.result,
    StoredJob.error,
    StoredJob.principal,
    StoredJob.created_at,
    func.coalesce(StoredJob.started_at, Ticket.started_at).label("started_at"),
    StoredJob.finished_at,
)


def _tasks() -> Select[*tuple[Any, ...]]:
    joined = StoredJob.__table__.outerjoin(Ticket.__table__, Ticket.job_id == StoredJob.id)
    return select(*_COLUMNS).select_from(joined).where(StoredJob.visible)


def tasks_of(caller: Principal, state: State | None, kind: str | None) -> Select[*tuple[Any, ...]]:
    """The tasks that the caller may see: its own, or all of its tenant with `tasks:read`."""
    query = _tasks()
    if not caller.may(READ_ALL):
        query = query.where(StoredJob.principal == caller.id)
    if kind is not None:
        query = query.where(StoredJob.name == kind)
    if state is not None:
        query = query.where(StoredJob.outcome == state if state in ENDED else Ticket.state == state)
    return query


@lru_cache
def _one() -> Reading:
    mine = or_(
        bindparam("principal", type_=String()) == literal_column("''"),
        StoredJob.principal == bindparam("principal", type_=String()),
    )
    return reading(_tasks().where(StoredJob.id == bindparam("id", type_=Uuid()), mine))


async def one_task(database: Database, kinds: Kinds, caller: Principal, task: UUID) -> TaskView:
    """The task. Raises `NotFound`, also for one of somebody else."""
    shape = _one()
    values = {"id": task, "principal": "" if caller.may(READ_ALL) else caller.id}
    rows = await database.read(caller.tenant, shape, *shape.arguments(values))
    if not rows:
        raise NotFound
    return shown(dict(rows[0]), kinds)


async def task_in(session: AsyncSession, kinds: Kinds, caller: Principal, task: UUID) -> TaskView:
    """The task as the running transaction sees it. Raises `NotFound`."""
    query = tasks_of(caller, None, None).where(StoredJob.id == task)
    row = (await session.execute(query)).mappings().first()
    if row is None:
        raise NotFound
    return shown({str(name): value for name, value in row.items()}, kinds)


def shown(row: Mapping[str, Any], kinds: Kinds) -> TaskView:
    """The row as callers see it."""
    kind = kinds.get(row["name"])
    error = _object(row["error"])
    return TaskView(
        id=row["id"],
        type=row["name"],
        state=row["state"],
        progress=ProgressView(
            done=row["done"], total=row["total"], unit=kind.unit if kind else None, message=row["message"]
        ),
        attempts=row["attempts"],
        next_attempt_at=row["next_attempt_at"],
        cancel_requested=row["cancel_requested"],
        result=_object(row["result"]),
        error=TaskErrorView(**error) if error else None,
        created_by=row["principal"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def _object(value: Any) -> dict[str, Any] | None:
    """A JSON object, which the read pool gives as text and a session as itself."""
    if isinstance(value, str):
        found: dict[str, Any] | None = orjson.loads(value)
        return found
    return None if value is None else dict(value)
