"""What the platform itself does later and at times, in every deployment."""

from esteio.auth.letters.sending import LETTER_JOBS
from esteio.backups.carried import BACKUP_JOB
from esteio.jobs.job import AnyJob
from esteio.jobs.kinds import Schedule
from esteio.jobs.retention import PURGE_JOB, PURGE_SCHEDULE
from esteio.jobs.retention_files import FILE_PURGE_JOB, FILE_PURGE_SCHEDULE
from esteio.traffic.rolling import ROLL_JOB, ROLL_SCHEDULE
from esteio.webhooks.carried import WEBHOOK_JOBS, WEBHOOK_SCHEDULES

PLATFORM_JOBS: tuple[AnyJob, ...] = (
    PURGE_JOB,
    FILE_PURGE_JOB,
    BACKUP_JOB,
    ROLL_JOB,
    *LETTER_JOBS,
    *WEBHOOK_JOBS,
)
PLATFORM_SCHEDULES: tuple[Schedule, ...] = (
    PURGE_SCHEDULE,
    FILE_PURGE_SCHEDULE,
    ROLL_SCHEDULE,
    *WEBHOOK_SCHEDULES,
)
