"""Tasks over HTTP: look, list, cancel, try again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from esteio.app.tasks import queries
from esteio.app.tasks.schemas import ENDED, RetriedView, RetryOrder, State, TaskTypeView, TaskView
from esteio.auth.audit import Audit
from esteio.auth.caller import Caller
from esteio.auth.listing import Listing, listed
from esteio.auth.routes.asked import CursorsOfHouse
from esteio.base.errors import Forbidden
from esteio.base.principal import Principal
from esteio.events.tasks import tells_tasks
from esteio.http.answers import Answer, Link
from esteio.http.envelope import Envelope
from esteio.http.house import House, house_of
from esteio.http.pagination import Paging
from esteio.http.rules import AUTHENTICATED, rules
from esteio.http.sessions import Session
from esteio.jobs import control
from esteio.jobs.tables import StoredJob

BASE = "/api/v2/tasks"
WRITE_ALL = "tasks:write"
PERMISSIONS = {
    queries.READ_ALL: "See the tasks of the whole tenant, not only one's own",
    WRITE_ALL: "Cancel and retry the tasks of the whole tenant",
}
AGAIN_IN = "1"
TOLD = 20
"""So many of the chosen dead letters stand in the audit log."""
"""Seconds after which looking again makes sense, while a task is queued or runs."""

router = APIRouter(prefix="/tasks", tags=["tasks"])
plain = APIRouter(prefix="/tasks", tags=["tasks"])
TaskId = Annotated[UUID, Path(description="The task's id")]
_LISTING = Listing("tasks", BASE, StoredJob.id, lambda row: row[0], UUID)


class TasksAsked(Paging):
    state: State | None = Query(None, description="Only tasks in this state")
    type: str | None = Query(None, max_length=100, description="Only tasks of this type", examples=["pets.export"])


@router.get("", summary="List tasks", response_model=Envelope[list[TaskView]])
@rules(AUTHENTICATED)
async def list_tasks(
    request: Request,
    asked: Annotated[TasksAsked, Query()],
    caller: Caller,
    session: Session,
    cursors: CursorsOfHouse,
) -> Answer:
    """The newest first: the caller's own, or all of its tenant with `tasks:read`."""
    query = queries.tasks_of(caller, asked.state, asked.type)
    filters = {"state": asked.state, "type": asked.type}
    page = await listed(session, _LISTING, query, asked, cursors=cursors, tenant=caller.tenant, filters=filters)
    names = [str(column.key) for column in query.selected_columns]
    kinds = _kinds(house_of(request))
    return page.answer(lambda row: queries.shown(dict(zip(names, row, strict=True)), kinds))


@router.get("/types", summary="List types of tasks", response_model=Envelope[list[TaskTypeView]])
@rules(AUTHENTICATED)
async def list_types(request: Request) -> Answer:
    """What the filter `type` may name, by name."""
    kinds = sorted(_kinds(house_of(request)).values(), key=lambda kind: kind.name)
    return Answer([TaskTypeView(name=kind.name, unit=kind.unit) for kind in kinds if kind.visible])


@router.get("/{task_id}", summary="Read a task", response_model=Envelope[TaskView])
@rules(AUTHENTICATED)
async def read_task(request: Request, task_id: TaskId, caller: Caller) -> Answer:
    """Its state and progress, with Retry-After while it lives; the result and a link to it once it is done."""
    return await _shown(house_of(request), caller, task_id)


@plain.get("/{task_id}", summary="Read a task, without an envelope", response_model=TaskView)
@rules(AUTHENTICATED)
async def read_plain_task(request: Request, task_id: TaskId, caller: Caller) -> Answer:
    """The same for clients that know the short address."""
    return await _shown(house_of(request), caller, task_id)


@router.post("/retry", summary="Retry dead letters", response_model=Envelope[RetriedView])
@rules(WRITE_ALL, idempotent=True)
async def retry_failed(request: Request, data: RetryOrder, caller: Caller, session: Session) -> Answer:
    """Tasks of the tenant that failed for good wait again, with all their tries; others are passed over."""
    retried = await control.retry_failed(session, name=data.type, jobs=data.ids, most=data.limit)
    details: dict[str, Any] = {"type": data.type, "retried": retried}
    if data.ids is not None:
        details |= {"chosen": len(data.ids), "ids": [str(one) for one in data.ids[:TOLD]]}
    which = "chosen" if data.ids is not None else data.type or "all"
    _audit(session, house_of(request), caller, "tasks.retried", f"tasks:{which}", details)
    return Answer(RetriedView(retried=retried), cache_control="no-store")


@router.post("/{task_id}/cancel", status_code=202, summary="Cancel a task", response_model=Envelope[TaskView])
@rules(AUTHENTICATED, idempotent=True, errors=(404, 409))
async def cancel_task(request: Request, task_id: TaskId, caller: Caller, session: Session) -> Answer:
    """What waits is cancelled at once and for good; what runs is told to stop and ends within seconds."""
    house = house_of(request)
    await _own(session, house, caller, task_id, "task.cancelled")
    await control.cancel(session, task_id, tells_tasks(house.clock), tenant=caller.tenant)
    return await _changed(session, house, caller, task_id)


@router.post("/{task_id}/retry", status_code=202, summary="Retry a task", response_model=Envelope[TaskView])
@rules(AUTHENTICATED, idempotent=True, errors=(404, 409))
async def retry_task(request: Request, task_id: TaskId, caller: Caller, session: Session) -> Answer:
    """A task that failed for good waits again, with all its tries."""
    house = house_of(request)
    await _own(session, house, caller, task_id, "task.retried")
    await control.retry(session, task_id)
    return await _changed(session, house, caller, task_id)


async def _own(session: Session, house: House, caller: Principal, task_id: UUID, action: str) -> None:
    """Raises `NotFound` for what the caller may not see, `Forbidden` for what it may only see.

    What is done to somebody else's task is audited as the administrator's act that it is.
    """
    task = await queries.task_in(session, _kinds(house), caller, task_id)
    if task.created_by == caller.id:
        return
    if not caller.may(WRITE_ALL):
        raise Forbidden
    _audit(session, house, caller, action, f"task:{task_id}", {"type": task.type})


def _audit(
    session: Session, house: House, caller: Principal, action: str, subject: str, details: dict[str, Any]
) -> None:
    audit: Audit = house.parts["audit"]
    audit.write(session, action, subject, tenant=caller.tenant, actor=caller.id, details=details)


async def _changed(session: Session, house: House, caller: Principal, task_id: UUID) -> Answer:
    await session.flush()
    task = await queries.task_in(session, _kinds(house), caller, task_id)
    address = f"{BASE}/{task_id}"
    return Answer(task, status=202, location=address, links=[Link(address, "self")], cache_control="no-store")


async def _shown(house: House, caller: Principal, task_id: UUID) -> Answer:
    task = await queries.one_task(house.database, _kinds(house), caller, task_id)
    if task.result is not None:
        task.result = house.resources.files.links.linked(task.result, caller.tenant)
    links = [Link(f"{BASE}/{task_id}", "self")]
    if task.result is not None and isinstance(task.result.get("url"), str):
        links.append(Link(task.result["url"], "result"))
    headers = {} if task.state in ENDED else {"retry-after": AGAIN_IN}
    return Answer(task, links=links, cache_control="no-store", headers=headers)


def _kinds(house: House) -> queries.Kinds:
    kinds: queries.Kinds = house.parts["job_kinds"]
    return kinds
