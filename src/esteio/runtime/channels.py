"""What can be listened to in every deployment, beside what its services show."""

from collections.abc import Iterable
from uuid import UUID

from esteio.base.principal import Principal
from esteio.db.reading import Reading
from esteio.manifest import Manifest
from esteio.realtime.channels import Channel
from esteio.resources import Resources

_OWNER = Reading("SELECT principal FROM jobs WHERE id = $1 AND visible", ("id",))


async def _may_follow_task(caller: Principal, resources: Resources, subject: str) -> bool:
    """Whoever asked for the task, and whoever may read all tasks."""
    try:
        task = UUID(subject)
    except ValueError:
        return False
    if caller.anonymous:
        return False
    rows = await resources.database.read(caller.tenant, _OWNER, task)
    return bool(rows) and (rows[0]["principal"] == caller.id or caller.may("tasks:read"))


async def _may_hear_everything(caller: Principal, _: Resources, __: str) -> bool:
    return caller.may("webhooks:read")


PLATFORM_CHANNELS = (
    Channel(name="tasks.{id}", events=("task.",), may=_may_follow_task),
    Channel(name="events", events=("",), may=_may_hear_everything),
)


def all_channels(services: Iterable[Manifest]) -> list[Channel]:
    """Those of the platform and of the services."""
    return [*PLATFORM_CHANNELS, *(channel for manifest in services for channel in manifest.channels)]
