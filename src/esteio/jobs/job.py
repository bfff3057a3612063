"""A kind of job together with what does it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic

from pydantic import BaseModel

from esteio.jobs.kinds import JobKind, Payload
from esteio.jobs.run import Run


@dataclass(frozen=True, slots=True)
class Job(Generic[Payload]):
    """`async def work(run: Run, payload: Payload) -> BaseModel | None` does it.

    What it returns is the job's result. What it raises is tried again, unless it is a refusal (`Permanent`, or any
    error of the 400s) or the tries are over.
    """

    kind: JobKind[Payload]
    work: Callable[[Run, Payload], Awaitable[BaseModel | None]]


AnyJob = Job[Any]
