"""Sentinels: who says which server is the primary."""

import asyncio
from contextlib import suppress

from redis.exceptions import ConnectionError as NotFound
from redis.exceptions import RedisError

from esteio.redis.addresses import Address
from esteio.redis.lines import FoundLine, Line, Lines, Place


class Sentinels:
    """Asks them in turn, first the one that answered last; each may take `patience` seconds."""

    def __init__(self, address: Address, patience: float) -> None:
        self._address = address
        self._patience = patience
        self._places = list(address.places)

    async def primary(self) -> Place:
        """Where the primary is. Raises `ConnectionError` when no Sentinel knows."""
        for place in tuple(self._places):
            with suppress(RedisError, OSError):
                async with asyncio.timeout(self._patience):
                    if found := await self._ask(place):
                        self._places.remove(place)
                        self._places.insert(0, place)
                        return found
        raise NotFound(f"no Sentinel knows the primary of {self._address.service}")

    async def _ask(self, place: Place) -> Place | None:
        arguments = {**(self._address.asking or {}), "db": 0}
        asked = Address("server", self._address.connection, arguments)
        line = Line(asked.connect(self._patience, place))
        try:
            await line.connect()
            found = await line.ask(("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._address.service))
        finally:
            await line.drop()
        return (found[0].decode(), int(found[1])) if found else None


def lines_by_sentinel(address: Address, *, most: int, patience: float) -> Lines:
    """Lines to whatever server is the primary when they are made."""
    sentinels = Sentinels(address, patience / 2)
    return Lines(lambda: FoundLine(address.connect(patience, ("", 0)), sentinels.primary), most=most)
