"""What the platform itself does later and at times, in every deployment."""

from esteio.jobs.job import AnyJob
from esteio.jobs.kinds import Schedule
from esteio.jobs.retention import PURGE_JOB, PURGE_SCHEDULE

PLATFORM_JOBS: tuple[AnyJob, ...] = (PURGE_JOB,)
PLATFORM_SCHEDULES: tuple[Schedule, ...] = (PURGE_SCHEDULE,)
