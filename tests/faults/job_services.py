"""A service that accepts jobs over HTTP, and jobs that append a row for each run that wrote: nothing stops a second."""

import asyncio
import os
import signal
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import text

from esteio.auth.caller import Caller
from esteio.base.schema import Body
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.rules import AUTHENTICATED, rules
from esteio.http.sessions import Session
from esteio.jobs.enqueue import enqueue
from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind, Retry, Schedule
from esteio.jobs.run import Run
from esteio.manifest import Manifest

TABLE = """
CREATE TABLE wrote (job uuid NOT NULL, stage text NOT NULL, n int NOT NULL, pid int NOT NULL,
                    at timestamptz NOT NULL DEFAULT clock_timestamp());
GRANT SELECT, INSERT ON wrote TO esteio_runtime
"""
_WRITE = text("INSERT INTO wrote (job, stage, n, pid) VALUES (:job, :stage, :n, :pid)")


class Errand(BaseModel):
    """seconds: how long it takes. deadly: its worker's process is killed by it."""

    n: int = 0
    seconds: float = 0.02
    deadly: bool = False


class Ran(BaseModel):
    n: int
    pid: int


class NewErrand(Body):
    n: Annotated[int, Field(ge=0, le=1_000_000)]


ERRAND = JobKind(name="errands.run", payload=Errand, retry=Retry(tries=10, first=0.2, longest=2))
ACCEPTED_SECONDS = 0.25
TICK = JobKind(name="errands.tick", payload=Errand)
TICKING = Schedule(kind=TICK, cron="*/2 * * * * *", payload=Errand(seconds=0), name="ticking")


async def go(run: Run, errand: Errand) -> None:
    """Write that it began, take its time, and write that it is done in the commit that ends the job."""
    values: dict[str, Any] = {"job": run.id, "n": errand.n, "pid": os.getpid()}
    async with run.transaction() as session:
        await session.execute(_WRITE, {**values, "stage": "began"})
    if errand.deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.sleep(errand.seconds)
    async with run.completion(Ran(n=errand.n, pid=os.getpid())) as session:
        await session.execute(_WRITE, {**values, "stage": "done"})


router = APIRouter(prefix="/errands", tags=["errands"])


@router.post("", status_code=202, summary="Ask for an errand", response_model=Envelope[dict[str, Any]])
@rules(AUTHENTICATED, idempotent=True)
async def ask(data: NewErrand, caller: Caller, session: Session) -> Answer:
    job = await enqueue(
        session, ERRAND, Errand(n=data.n, seconds=ACCEPTED_SECONDS), tenant=caller.tenant, principal=caller.id
    )
    return Answer({"id": str(job)}, status=202)


ERRANDS = Manifest(name="errands", routers={"v2": router}, jobs=(Job(ERRAND, go), Job(TICK, go)))
SERVICES = (ERRANDS,)
TICKING_SERVICES = (Manifest(name="errands", jobs=ERRANDS.jobs, schedules=(TICKING,)),)
