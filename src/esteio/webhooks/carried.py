"""What this package does later and at times."""

from esteio.jobs.job import AnyJob
from esteio.jobs.kinds import Schedule
from esteio.webhooks.kinds import TIDY_SCHEDULE
from esteio.webhooks.replaying import REPLAY_JOB
from esteio.webhooks.sending import DELIVER_JOB
from esteio.webhooks.tidying import TIDY_JOB

WEBHOOK_JOBS: tuple[AnyJob, ...] = (DELIVER_JOB, REPLAY_JOB, TIDY_JOB)
WEBHOOK_SCHEDULES: tuple[Schedule, ...] = (TIDY_SCHEDULE,)
