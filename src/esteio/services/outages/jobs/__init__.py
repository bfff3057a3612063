"""What outages do later and at times: reading the outage management system, removing what is too old."""

from esteio.jobs.job import AnyJob, Job
from esteio.services.outages.jobs.oms import read_oms
from esteio.services.outages.jobs.purge import purge
from esteio.services.outages.tasks import PURGE, READ_OMS

JOBS: tuple[AnyJob, ...] = (Job(READ_OMS, read_oms), Job(PURGE, purge))
