"""The backup that a schedule asks for, as a job: one at a time, with progress, cancelled like any other."""

from datetime import timedelta

from pydantic import BaseModel

from esteio.backups.errors import BackupUnderWay
from esteio.backups.parts import Backups
from esteio.backups.settings import BackupSettings
from esteio.backups.work import back_up
from esteio.jobs.errors import Later
from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind, Retry, Schedule
from esteio.jobs.run import Run

LONGEST = timedelta(hours=24)
TURN_REST = 300.0
"""Seconds until it is looked again whether the backup that is being made, perhaps by hand, has ended."""

_NAME = "platform.back_up"


class BackupOrder(BaseModel):
    """What the settings say; there is nothing to choose."""


class BackedUp(BaseModel):
    """What was made."""

    id: str
    bytes: int
    files: int
    lost: int
    pruned: int


BACK_UP = JobKind(
    name=_NAME,
    payload=BackupOrder,
    retry=Retry(rests=(300.0, 1800.0)),
    time_limit=LONGEST.total_seconds(),
    unit="bytes",
)


async def work(run: Run, order: BackupOrder) -> BackedUp:
    """Doing it twice makes two backups, of which the rule of keeping leaves one. It waits for one that is under way."""
    settings = run.settings
    backups = Backups(
        settings=settings.backup,
        database=settings.database,
        files=settings.files,
        keyring=run.resources.keyring,
        clock=run.clock,
    )
    try:
        made = await back_up(
            backups, run.database, f"job:{run.id}", lambda done, what: run.progress(done, message=f"taking: {what}")
        )
    except BackupUnderWay as error:
        raise Later(TURN_REST, error, counted=False) from error
    manifest = made.manifest
    lost = sum(one.why != "over" for one in manifest.lost)
    return BackedUp(id=manifest.id, bytes=manifest.size, files=manifest.file_count, lost=lost, pruned=made.pruned)


BACKUP_JOB = Job(BACK_UP, work)


def backup_schedules(settings: BackupSettings) -> tuple[Schedule, ...]:
    """When backups are made by themselves: by the settings, never unless they say so."""
    if not settings.schedule:
        return ()
    return (Schedule(kind=BACK_UP, cron=settings.schedule, payload=BackupOrder(), zone=settings.schedule_zone),)
