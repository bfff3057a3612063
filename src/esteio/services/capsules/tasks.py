"""What capsules do later: kinds of jobs, what each is ordered with, what comes of it."""

from uuid import UUID, uuid5

from pydantic import BaseModel

from esteio.jobs.kinds import JobKind, Retry, Schedule
from esteio.services.capsules.states import Cause, Priority, Provider

AT_ONCE = 4
"""Of a tenant's capsules of one priority that are made at the same time."""


class GenerateOrder(BaseModel):
    """A capsule that waits to be made, by whom, and why."""

    capsule: UUID
    provider: Provider
    cause: Cause


class Generated(BaseModel):
    """The version that was made, and who made it: `template` also where the model's work was not accepted."""

    capsule: UUID
    version: int
    provider: Provider
    files: int


class SweepOrder(BaseModel):
    """What is due is done; there is nothing to choose."""


class Swept(BaseModel):
    """How many capsules there were."""

    capsules: int = 0


GENERATE = JobKind(
    name="capsules.generate",
    payload=GenerateOrder,
    retry=Retry(tries=5, first=2.0, longest=120.0),
    time_limit=1200.0,
    unit="steps",
    visible=True,
    lane_limit=AT_ONCE,
)
MEND = JobKind(name="capsules.mend", payload=SweepOrder, time_limit=280.0)
PURGE = JobKind(name="capsules.purge", payload=SweepOrder, time_limit=1800.0)

SCHEDULES = (
    Schedule(kind=MEND, cron="* * * * *", payload=SweepOrder()),
    Schedule(kind=PURGE, cron="47 * * * *", payload=SweepOrder()),
)


def lane(tenant: UUID, priority: Priority) -> UUID:
    """With which others a capsule takes turns: many of low priority never stand before one of high."""
    return tenant if priority == "normal" else uuid5(tenant, f"capsules/{priority}")
