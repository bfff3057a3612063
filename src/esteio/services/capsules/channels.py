"""What of capsules can be listened to: by whoever may read them."""

from uuid import UUID

from esteio.base.errors import NotFound
from esteio.base.principal import Principal
from esteio.realtime.channels import Channel
from esteio.resources import Resources
from esteio.services.capsules.queries import one_capsule

READ = "capsules:read"


async def _reader(caller: Principal, _: Resources, __: str) -> bool:
    return caller.may(READ)


async def _if_it_exists(caller: Principal, resources: Resources, subject: str) -> bool:
    if not caller.may(READ):
        return False
    try:
        await one_capsule(resources.database, caller.tenant, UUID(subject))
    except (NotFound, ValueError):
        return False
    return True


CHANNELS = (
    Channel(name="capsules", events=("capsule.",), may=_reader),
    Channel(name="capsules.{id}", events=("capsule.",), may=_if_it_exists),
)
