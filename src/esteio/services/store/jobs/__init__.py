"""What the store does later: what was fetched from the shop is kept."""

from esteio.jobs.job import AnyJob, Job
from esteio.services.store.jobs.persisting import persist
from esteio.services.store.tasks import PERSIST

JOBS: tuple[AnyJob, ...] = (Job(PERSIST, persist),)
