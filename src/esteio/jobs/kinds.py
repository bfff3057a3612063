"""What a job is declared to be: data that enqueuing, carrying and running read."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from cronsim import CronSim
from pydantic import BaseModel

Payload = TypeVar("Payload", bound=BaseModel)
Queue = Literal["io", "cpu"]
QUEUES: tuple[Queue, ...] = ("io", "cpu")
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a job is tried and how long it rests between tries, in seconds.

    The rest doubles from `first` up to `longest`; where `rests` is given it is that list instead, one try more than it
    has entries. A tenth to either side is drawn at random, so that what failed together does not come back together.
    """

    tries: int = 5
    first: float = 2.0
    longest: float = 600.0
    rests: tuple[float, ...] = ()

    @property
    def most(self) -> int:
        """How often the job is tried in all."""
        return len(self.rests) + 1 if self.rests else self.tries

    def rest(self, tried: int) -> float | None:
        """Seconds until the next try after `tried` of them, or `None` when there is none."""
        if tried >= self.most:
            return None
        doubled = self.first * 2.0 ** min(tried - 1, 60)
        whole = self.rests[tried - 1] if self.rests else min(self.longest, doubled)
        return whole * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing


NEVER = Retry(tries=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind(Generic[Payload]):
    """A kind of job.

    name: `service.verb`, such as `pets.export`. queue: `io` for work that waits, on the event loop of a worker
    process; `cpu` for work that computes, in a few threads. time_limit: seconds of one run; past them it is a failure
    that is tried again. unit: what progress counts (`rows`). visible: whether it is a task of the API, whose changes
    are told as `task.*`; what the house does for itself is not. lane_limit: how many of one lane are carried or run at
    once; a lane is the tenant unless enqueuing says otherwise.
    """

    name: str
    payload: type[Payload]
    queue: Queue = "io"
    retry: Retry = Retry()
    time_limit: float = 300.0
    unit: str | None = None
    visible: bool = False
    lane_limit: int | None = None

    def __post_init__(self) -> None:
        if self.queue not in QUEUES:
            raise ValueError(f"the queue of {self.name} is one of {', '.join(QUEUES)}")
        if not 0 < len(self.name) <= LONGEST_NAME:
            raise ValueError(f"the name of a job has at most {LONGEST_NAME} characters: {self.name}")
        if self.time_limit <= 0 or (self.lane_limit is not None and self.lane_limit < 1):
            raise ValueError(f"a limit of {self.name} would let it never run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A job that is enqueued at times (cron with five fields, in the time zone), once however many schedulers run.

    Runs that were missed while no scheduler ran, or when the clock jumped, are made up for by one run, not by all.
    """

    kind: JobKind[Any]
    cron: str
    payload: BaseModel
    zone: str = "UTC"
    name: str = ""

    def __post_init__(self) -> None:
        ZoneInfo(self.zone)
        CronSim(self.cron, datetime(2000, 1, 1))
        if len(self.key) > LONGEST_NAME:
            raise ValueError(f"the name of a schedule has at most {LONGEST_NAME} characters: {self.key}")

    @property
    def key(self) -> str:
        """The schedule's own name: that of its kind unless it was named."""
        return self.name or self.kind.name

    def due(self, now: datetime) -> datetime:
        """The latest time at or before `now` at which it was due."""
        # The first tick of a reversed CronSim lies before the time it is given; the time itself may be due.
        local = (now + timedelta(microseconds=1)).astimezone(ZoneInfo(self.zone))
        return next(CronSim(self.cron, local, reverse=True)).astimezone(now.tzinfo)
