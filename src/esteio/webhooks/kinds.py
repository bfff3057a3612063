"""The kinds of jobs of this package."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from esteio.jobs.kinds import JobKind, Retry, Schedule

SCHEDULE = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Seconds before each attempt, counted from the one before; a tenth to either side is drawn at random."""

AT_ONCE = 4
"""Attempts at once to one receiver: one that hangs holds no more of a worker than this."""


class DeliverOrder(BaseModel):
    delivery: UUID


class ReplayOrder(BaseModel):
    """Deliveries of an endpoint that were written down in this time: those that failed, or all that have ended."""

    endpoint: UUID
    since: datetime
    until: datetime
    which: Literal["failed", "all"]


class Replayed(BaseModel):
    """How many deliveries are sent again."""

    deliveries: int


class TidyOrder(BaseModel):
    """What the settings say is too old goes; there is nothing to choose."""


class Tidied(BaseModel):
    """How many rows went, and how many deliveries had lost their job."""

    deliveries: int = 0
    receipts: int = 0
    endpoints: int = 0
    lost: int = 0


class Received(BaseModel):
    """The order of a job that works off a received webhook; `read_receipt` gives what came."""

    receipt: UUID
    source: str


DELIVER = JobKind(
    name="webhooks.deliver",
    payload=DeliverOrder,
    queue="io",
    retry=Retry(rests=SCHEDULE[1:]),
    time_limit=30.0,
    lane_limit=AT_ONCE,
)
REPLAY = JobKind(name="webhooks.replay", payload=ReplayOrder, time_limit=600.0, unit="deliveries", visible=True)
TIDY = JobKind(name="webhooks.tidy", payload=TidyOrder, time_limit=1800.0)
TIDY_SCHEDULE = Schedule(kind=TIDY, cron="23 * * * *", payload=TidyOrder())
