"""As whom a job acts, and by which settings."""

from uuid import UUID

from esteio.jobs.run import Run
from esteio.services.capsules.holding import Actor
from esteio.services.capsules.settings import CapsulesSettings


def section_of(run: Run) -> CapsulesSettings:
    section: CapsulesSettings = run.settings.services["capsules"]
    return section


def actor_of(run: Run, tenant: UUID | None = None) -> Actor:
    """The job, in its own tenant unless another is said."""
    return Actor(f"job:{run.kind.name}", tenant or run.tenant, run.clock)


def last_try(run: Run) -> bool:
    """Whether the job is not tried again after this."""
    return run.attempt >= run.kind.retry.most
