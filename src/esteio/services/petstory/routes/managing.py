"""What the operations of who manages orders work with."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from esteio.auth.audit import Audit
from esteio.auth.caller import Caller
from esteio.base.clock import Clock
from esteio.db.database import Database
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.services.petstory.addresses import Addresses
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.use_cases.administering import Desk


@dataclass(frozen=True, slots=True)
class Managed:
    """Where things are read, and what leads to them."""

    database: Database
    clock: Clock
    addresses: Addresses


async def _managed(request: Request) -> Managed:
    house = house_of(request)
    return Managed(house.database, house.clock, Addresses(house.resources.keyring, exchange_of(request.scope).base))


AdminHouse = Annotated[Managed, Depends(_managed)]


async def _desk(request: Request, caller: Caller) -> Desk:
    house = house_of(request)
    return Desk(Actor(caller.id, caller.tenant, house.clock, Audit(house.clock)), house.settings["petstory"])


AdminDesk = Annotated[Desk, Depends(_desk)]
"""The caller, as who acts on orders of its tenant."""
