"""What PetStory does later and at times."""

from esteio.jobs.job import AnyJob

JOBS: tuple[AnyJob, ...] = ()
