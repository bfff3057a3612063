"""As whom a job acts, and by which settings."""

from esteio.auth.audit import Audit
from esteio.jobs.run import Run
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.settings import PetstorySettings


def section_of(run: Run) -> PetstorySettings:
    section: PetstorySettings = run.settings.services["petstory"]
    return section


def actor_of(run: Run) -> Actor:
    return Actor(f"job:{run.kind.name}", run.tenant, run.clock, Audit(run.clock))


def last_try(run: Run) -> bool:
    """Whether the job is not tried again after this."""
    return run.attempt >= run.kind.retry.most
