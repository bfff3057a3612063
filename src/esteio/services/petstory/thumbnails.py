"""Small pictures of the photos of orders: made when somebody looks, kept in memory for who looks again."""

import asyncio
from collections import OrderedDict

from esteio.base.errors import Unavailable
from esteio.files.files import Files
from esteio.files.records import FoundFile
from esteio.files.spools import spool
from esteio.resources import Resources
from esteio.services.petstory.settings import PetstorySettings
from esteio.upstream.background import Background
from esteio.upstream.flights import Flights

EDGE = 480
"""Pixels of the longest edge."""

LARGEST = 4096 * 4096
"""Pixels of a photo as it is kept."""

MOST = 16 * 1_048_576
FAREWELL = 1.0


class Thumbnails:
    """What the process has made lately, at most `MOST` bytes of it. A photo never changes, so neither does what is
    kept of it; whether somebody may see it is for the caller to have judged.
    """

    def __init__(self, _: PetstorySettings, resources: Resources) -> None:
        self._files: Files = resources.files
        self._background = Background()
        self._flights: Flights[bytes] = Flights(self._background)
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._turn = asyncio.Semaphore(1)

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        await self._background.close(FAREWELL)

    async def of(self, file: FoundFile) -> bytes:
        """A JPEG of at most `EDGE` pixels. Raises `Unavailable`."""
        found = self._kept.get(file.key)
        if found is None:
            return await self._flights.share(file.key, lambda: self._made(file))
        self._kept.move_to_end(file.key)
        return found

    async def _made(self, file: FoundFile) -> bytes:
        # One at a time: the places in which pictures are decoded are for those who send photos.
        async with self._turn:
            return await self._drawn(file)

    async def _drawn(self, file: FoundFile) -> bytes:
        with spool(self._files.settings) as photo, spool(self._files.settings) as small:
            async for piece in self._files.store.read(file.key):
                await photo.write(piece)
            await photo.flush()
            verdict = await self._files.decoders.remake(photo, small, pixels=LARGEST, edge=EDGE)
            if verdict.why is not None:
                raise Unavailable(operator=f"petstory: the photo {file.key} gives no small picture: {verdict.why}")
            made = b"".join([piece async for piece in small.pieces()])
        self._keep(file.key, made)
        return made

    def _keep(self, key: str, made: bytes) -> None:
        self._kept[key] = made
        self._bytes += len(made)
        while self._bytes > MOST:
            self._bytes -= len(self._kept.popitem(last=False)[1])
