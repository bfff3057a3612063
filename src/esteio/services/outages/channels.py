"""What of outages can be listened to: by everyone, since what is told names neither outages nor consumer units."""

from esteio.base.principal import Principal
from esteio.realtime.channels import Channel
from esteio.resources import Resources


async def _anybody(_: Principal, __: Resources, ___: str) -> bool:
    return True


CHANNELS = (Channel(name="outages", events=("outage.changed",), may=_anybody),)
