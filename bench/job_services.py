"""Jobs that do nothing, as a service of Esteio: `esteio worker --services bench.job_services:SERVICES`."""

from pydantic import BaseModel

from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind
from esteio.jobs.run import Run
from esteio.manifest import Manifest


class Number(BaseModel):
    number: int


async def nothing(run: Run, payload: Number) -> Number:
    """Its result is what it was asked, so that there is one to keep."""
    return payload


NOTHING = JobKind(name="bench.nothing", payload=Number)
SHOWN = JobKind(name="bench.shown", payload=Number, visible=True)

SERVICES = (Manifest(name="bench", jobs=(Job(NOTHING, nothing), Job(SHOWN, nothing))),)
