"""What outages do later and at times: kinds of jobs, what comes of each, when they are due."""

from pydantic import BaseModel

from esteio.jobs.kinds import NEVER, JobKind, Schedule
from esteio.services.outages.settings import OutagesSettings


class ReadOrder(BaseModel):
    """whole: compare all that is open there with what is open here, also where a query yields only changes."""

    whole: bool = False


class OmsRead(BaseModel):
    """What a reading found and changed. `bad` rows could not be used; `closed` outages are not mentioned any more."""

    whole: bool
    rows: int
    bad: int
    outages: int
    created: int
    changed: int
    closed: int


class PurgeOrder(BaseModel):
    """What the settings say is too old goes; there is nothing to choose."""


class Purged(BaseModel):
    """How many rows went; `ucs` is of how many areas it was forgotten which consumer units they were."""

    outages: int = 0
    ucs: int = 0
    polls: int = 0
    demands: int = 0


# Not tried again: the next minute does, and a job that lives keeps the next from being enqueued.
READ_OMS = JobKind(name="outages.oms", payload=ReadOrder, retry=NEVER, time_limit=1200.0)
PURGE = JobKind(name="outages.purge", payload=PurgeOrder, time_limit=1800.0)

RECONCILED_AT = "30 3 * * *"
"""When, in the time zone of the outage management system, the next reading is a whole one."""


def reconciling(zone: str) -> Schedule:
    """The times at which the next reading becomes a whole one."""
    return Schedule(kind=READ_OMS, cron=RECONCILED_AT, payload=ReadOrder(whole=True), zone=zone)


def schedules(section: OutagesSettings) -> tuple[Schedule, ...]:
    """The purge; the readings only where there is something to read."""
    purge = Schedule(kind=PURGE, cron="41 3 * * *", payload=PurgeOrder())
    if not section.oms_url.get_secret_value():
        return (purge,)
    return (purge, Schedule(kind=READ_OMS, cron="* * * * *", payload=ReadOrder()))
