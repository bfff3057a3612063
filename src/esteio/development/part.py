"""What the routes of this package share in an API process."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from esteio.base.errors import NotFound
from esteio.development.control import AGAIN, Control
from esteio.development.errors import StandInSilent
from esteio.development.places import Place, read_places
from esteio.development.settings import DevelopmentSettings
from esteio.http.house import house_of

NAME = "development"


class Development:
    """The file is read for each call: `esteio up` may have been started anew meanwhile."""

    def __init__(self, settings: DevelopmentSettings) -> None:
        self.control = Control()
        self._file = Path(settings.stand_ins)

    async def open(self) -> None:
        await self.control.open()

    async def close(self) -> None:
        await self.control.close()

    async def places(self) -> Mapping[str, Place]:
        """All that are played, by name."""
        return await asyncio.to_thread(read_places, self._file)

    async def place(self, name: str) -> Place:
        """One that an address names. Raises `NotFound`."""
        found = (await self.places()).get(name)
        if found is None:
            raise NotFound("No party of this name is played here.")
        return found

    async def party(self, name: str, title: str) -> Place:
        """One whose kind of things an address names. Raises `StandInSilent` where the operator has a real one."""
        found = (await self.places()).get(name)
        if found is None:
            raise StandInSilent(f"No {title} is played here: the operator's own is used, or none.", retry_after=AGAIN)
        return found


async def _part(request: Request) -> Development:
    part: Development = house_of(request).parts[NAME]
    return part


Played = Annotated[Development, Depends(_part)]
"""What is played, as a route's parameter."""
