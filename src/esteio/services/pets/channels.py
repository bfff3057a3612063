"""What of pets can be listened to: by everyone, as everyone may read them."""

from uuid import UUID

from esteio.base.errors import NotFound
from esteio.base.principal import Principal
from esteio.realtime.channels import Channel
from esteio.resources import Resources
from esteio.services.pets.queries import one_pet


async def _anybody(_: Principal, __: Resources, ___: str) -> bool:
    return True


async def _if_it_exists(caller: Principal, resources: Resources, subject: str) -> bool:
    try:
        await one_pet(resources.database, caller.tenant, UUID(subject))
    except (NotFound, ValueError):
        return False
    return True


CHANNELS = (
    Channel(name="pets", events=("pet.",), may=_anybody),
    Channel(name="pets.{id}", events=("pet.",), may=_if_it_exists),
)
