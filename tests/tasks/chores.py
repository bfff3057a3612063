"""A service whose only purpose is to ask for jobs, and a way to run what waits without a worker's process."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from esteio.auth.caller import Caller
from esteio.base.schema import Body, Text
from esteio.events.tasks import tells_tasks
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.rules import AUTHENTICATED, rules
from esteio.http.sessions import Session
from esteio.jobs.enqueue import enqueue
from esteio.jobs.errors import Permanent
from esteio.jobs.job import Job
from esteio.jobs.kinds import NEVER, JobKind
from esteio.jobs.run import Run
from esteio.jobs.runner import Runner
from esteio.jobs.tickets import Tickets
from esteio.manifest import Manifest
from tests.house import Served


class Chore(BaseModel):
    way: str


class NewChore(Body):
    way: Annotated[Text, Field(max_length=20)]


class Done(BaseModel):
    way: str
    url: str = "/api/v2/somewhere"


CHORE = JobKind(name="chores.do", payload=Chore, unit="steps", visible=True)
ONCE = JobKind(name="chores.once", payload=Chore, retry=NEVER, visible=True)
HIDDEN = JobKind(name="chores.hidden", payload=Chore)


async def do(run: Run, chore: Chore) -> Done:
    if chore.way == "refuse":
        raise Permanent("This chore is nobody's.")
    if chore.way == "break":
        raise RuntimeError("a secret of the house")
    run.progress(3, 4, "sweeping")
    return Done(way=chore.way)


router = APIRouter(prefix="/chores", tags=["chores"])
KINDS = {"do": CHORE, "once": ONCE, "hidden": HIDDEN}


@router.post("/{kind}", status_code=202, summary="Ask for a chore", response_model=Envelope[dict[str, Any]])
@rules(AUTHENTICATED, idempotent=True)
async def ask(request: Request, kind: str, data: NewChore, caller: Caller, session: Session) -> Answer:
    """It is done later."""
    job = await enqueue(session, KINDS[kind], Chore(way=data.way), tenant=caller.tenant, principal=caller.id)
    return Answer({"id": str(job)}, status=202, location=f"/api/v2/tasks/{job}")


CHORES = Manifest(
    name="chores",
    routers={"v2": router},
    jobs=tuple(Job(kind, do) for kind in KINDS.values()),
)


def asked(served: Served, way: str = "plain", kind: str = "do", client: Any = None) -> str:
    """The id of a new chore."""
    answer = (client or served.client).post(f"/api/v2/chores/{kind}", json={"way": way})
    assert answer.status_code == 202, answer.text
    found: str = answer.json()["data"]["id"]
    return found


def work_off(served: Served) -> None:
    """Run everything that is due, once, inside the house's own loop."""

    async def work() -> None:
        resources, settings = served.app.resources, served.app.settings

        async def spread(_: UUID, __: frozenset[str]) -> None:
            return None

        runner = Runner(
            resources=resources,
            settings=settings,
            job_settings=settings.jobs,
            jobs={job.kind.name: job for job in CHORES.jobs},
            worker="here",
            queues=["io"],
            slots_in_all=8,
            tell=tells_tasks(resources.clock),
            spread=spread,
        )
        await runner.work(await Tickets(resources.database).take("io", 100))

    served.run(work)


def claim(served: Served, job: str) -> None:
    """Let a worker that never does anything hold the job."""

    async def hold() -> None:
        tickets = Tickets(served.app.resources.database)
        await tickets.take("io", 100)
        assert await tickets.claim([UUID(job)], "elsewhere", 60.0)

    served.run(hold)
