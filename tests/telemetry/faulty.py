"""A service with a bug, in an operation and in a job, and with failures that are none."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from esteio.base.errors import NotFound, Unavailable
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.rules import AUTHENTICATED, rules
from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind, Retry
from esteio.jobs.run import Run
from esteio.manifest import Manifest

SECRET = "a-password-in-a-variable"
MAIL = "maria.souza@customers.example"


class Letter(BaseModel):
    kind: str = "bug"
    to: str = ""
    password: str = ""


def fail(letter: Letter) -> None:
    """A bug, with what a customer gave in a variable and in its message."""
    password, recipient = letter.password, letter.to
    if letter.kind == "bug":
        raise KeyError(f"no template for {recipient} with password={password}")
    if letter.kind == "away":
        raise Unavailable(operator="the printer is away")
    if letter.kind == "full":
        raise OSError(28, "No space left on device")
    raise NotFound


router = APIRouter(prefix="/faulty", tags=["faulty"])


@router.post("/{letter_id}/letters", summary="Fails", response_model=Envelope[dict[str, Any]])
@rules(AUTHENTICATED)
async def write(letter_id: str, letter: Letter) -> Answer:
    """Nothing comes of it."""
    fail(letter)
    return Answer({})


WRITE = JobKind(name="faulty.write", payload=Letter, retry=Retry(tries=1, first=0.1))


async def write_later(run: Run, payload: Letter) -> None:
    """Fails as the operation does."""
    fail(payload)


SERVICES = (Manifest(name="faulty", routers={"v2": router}, jobs=(Job(WRITE, write_later),)),)
