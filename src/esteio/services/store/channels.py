"""What of favourites can be listened to: by their user, and by who may see everybody's."""

from esteio.base.principal import Principal
from esteio.realtime.channels import Channel
from esteio.resources import Resources
from esteio.services.store.ownership import EVERYBODYS


async def _own(caller: Principal, _: Resources, user: str) -> bool:
    return user == str(caller.user) or caller.may(EVERYBODYS)


CHANNELS = (Channel(name="favorites.{id}", events=("favorite.",), may=_own),)
