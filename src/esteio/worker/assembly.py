"""From settings and manifests to what a worker or scheduler process works with: the API's house without its door."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from esteio.backups.carried import backup_schedules
from esteio.base.clock import Clock, SystemClock
from esteio.base.errors import StartRefused
from esteio.catalog import SHIPPED
from esteio.events.tasks import tells_tasks
from esteio.http.freshness import full_tags, publish
from esteio.jobs.job import AnyJob
from esteio.jobs.kinds import Schedule
from esteio.jobs.notice import Tell
from esteio.jobs.settings import JobSettings
from esteio.manifest import Manifest
from esteio.resources import Resources
from esteio.runtime.carried import PLATFORM_JOBS, PLATFORM_SCHEDULES
from esteio.runtime.opening import make_resources, sections
from esteio.settings import Settings, read_settings
from esteio.telemetry.logs import ensure_configured


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """One per process. `parts` are what higher floors lend to jobs, by name."""

    settings: Settings
    services: Sequence[Manifest]
    resources: Resources
    jobs: Mapping[str, AnyJob]
    schedules: Sequence[Schedule]
    tell: Tell
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def job_settings(self) -> JobSettings:
        return self.settings.jobs

    @property
    def broker_url(self) -> str:
        """What carries ids."""
        return broker_url(self.settings)

    async def spread(self, tenant: UUID, kinds: frozenset[str]) -> None:
        """Let every API process drop the kept answers that show what a job has changed."""
        await publish(self.resources.bulletin, full_tags(tenant, kinds))


def broker_url(settings: Settings) -> str:
    """The broker of the settings, or the house's own Redis."""
    return (settings.jobs.broker_url or settings.redis.url).get_secret_value()


def open_workshop(
    name: str,
    settings: Settings | None = None,
    services: Sequence[Manifest] | None = None,
    clock: Clock | None = None,
) -> Workshop:
    """The workshop of a process, its resources not yet opened; `name` is what the database shows it as."""
    chosen = SHIPPED if services is None else tuple(services)
    settings = settings or read_settings(sections(chosen))
    ensure_configured(settings.telemetry)
    resources = make_resources(settings, clock or SystemClock(), chosen, name=name, carries=True)
    return Workshop(
        settings=settings,
        services=chosen,
        resources=resources,
        jobs=_by_name([*PLATFORM_JOBS, *(job for manifest in chosen for job in manifest.jobs)]),
        schedules=[
            *PLATFORM_SCHEDULES,
            *backup_schedules(settings.backup),
            *(item for manifest in chosen for item in manifest.due(settings.services.get(manifest.name))),
        ],
        tell=tells_tasks(resources.clock),
    )


def _by_name(jobs: Iterable[AnyJob]) -> dict[str, AnyJob]:
    found: dict[str, AnyJob] = {}
    for job in jobs:
        if job.kind.name in found:
            raise StartRefused(f"The job {job.kind.name} is declared twice.")
        found[job.kind.name] = job
    return found
