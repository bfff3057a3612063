"""What of orders can be listened to: by who manages them."""

from uuid import UUID

from esteio.base.principal import Principal
from esteio.realtime.channels import Channel
from esteio.resources import Resources

READ = "petstory:orders"
"""The permission to see every order."""


async def _manages(caller: Principal, _: Resources, __: str) -> bool:
    return caller.may(READ)


async def _manages_one(caller: Principal, resources: Resources, subject: str) -> bool:
    try:
        UUID(subject)
    except ValueError:
        return False
    return caller.may(READ)


CHANNELS = (
    Channel(name="orders", events=("order.",), may=_manages),
    Channel(name="orders.{id}", events=("order.",), may=_manages_one),
)
