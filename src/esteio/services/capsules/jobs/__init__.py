"""What capsules do later and at times."""

from esteio.jobs.job import AnyJob, Job
from esteio.services.capsules.jobs.generate import generate
from esteio.services.capsules.jobs.sweep import mend, purge
from esteio.services.capsules.tasks import GENERATE, MEND, PURGE

JOBS: tuple[AnyJob, ...] = (Job(GENERATE, generate), Job(MEND, mend), Job(PURGE, purge))
