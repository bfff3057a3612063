"""A service whose jobs do what a test of processes needs: write who ran them, wait, say something, end their worker."""

import asyncio
import os
import signal
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from esteio.auth.caller import Caller
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.rules import AUTHENTICATED, rules
from esteio.http.sessions import Session
from esteio.jobs.enqueue import enqueue
from esteio.jobs.errors import Permanent
from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind, Retry
from esteio.jobs.run import Run
from esteio.manifest import Manifest
from esteio.telemetry.logs import log

TABLE = """
CREATE TABLE IF NOT EXISTS trial_runs (
    id bigserial PRIMARY KEY, job uuid NOT NULL, number integer NOT NULL, pid integer NOT NULL,
    stage varchar(10) NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
GRANT ALL ON trial_runs TO PUBLIC;
GRANT ALL ON trial_runs_id_seq TO PUBLIC;
"""
"""`begun` is written at the start of a run outside of its proof of holding; `done` with the job's completion."""

_WRITE = text("INSERT INTO trial_runs (job, number, pid, stage) VALUES (:job, :number, :pid, :stage)")


class Number(BaseModel):
    """seconds: how long the job works. deadly: it kills its own process."""

    number: int = 0
    seconds: float = 0.0
    deadly: bool = False
    refuse: bool = False


NOOP = JobKind(name="trial.noop", payload=Number)
MARK = JobKind(name="trial.mark", payload=Number, visible=True, retry=Retry(tries=3, first=0.2))
COMPUTE = JobKind(name="trial.compute", payload=Number, queue="cpu", retry=Retry(tries=3, first=0.2))


async def noop(run: Run, payload: Number) -> None:
    """Nothing."""


async def mark(run: Run, payload: Number) -> Number:
    """Write that it began, work, and write that it is done together with the result."""
    values = {"job": run.id, "number": payload.number, "pid": os.getpid()}
    log("esteio.trial").info("trial.marked", number=payload.number)
    async with run.transaction() as session:
        await session.execute(_WRITE, {**values, "stage": "begun"})
    if payload.deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    if payload.refuse:
        raise Permanent("The number is refused.")
    await asyncio.sleep(payload.seconds)
    async with run.completion(payload) as session:
        await session.execute(_WRITE, {**values, "stage": "done"})
    return payload


router = APIRouter(prefix="/trial", tags=["trial"])


@router.post("/marks", summary="Marks a number later", response_model=Envelope[dict[str, Any]], status_code=202)
@rules(AUTHENTICATED)
async def mark_later(order: Number, caller: Caller, session: Session) -> Answer:
    """The id of the job."""
    job = await enqueue(session, MARK, order, tenant=caller.tenant, principal=caller.id)
    return Answer({"job": str(job)}, status=202)


SERVICES = (
    Manifest(name="trial", routers={"v2": router}, jobs=(Job(NOOP, noop), Job(MARK, mark), Job(COMPUTE, mark))),
)
