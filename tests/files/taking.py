"""`python taking.py PICTURE`: takes it as a process of the API does; how much that grew and its longest stall."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from esteio.base.clock import SystemClock
from esteio.base.crypto import Keyring
from esteio.files.files import Files
from esteio.files.pictures import PictureBounds, TakenPicture, take_picture
from esteio.files.settings import FilesSettings

CHUNK = 65_536
LARGEST = 200 * 1_048_576


class Watch:
    """The most memory and the longest stall of the loop while it is looked at."""

    def __init__(self) -> None:
        self._idle = resident()
        self.grown = 0
        self.stalled = 0.0

    async def look(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(0.005)
            self.stalled = max(self.stalled, loop.time() - began - 0.005)
            self.grown = max(self.grown, resident() - self._idle)


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def pieces(picture: Path) -> AsyncIterator[bytes]:
    with picture.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


async def main(picture: Path) -> None:
    with tempfile.TemporaryDirectory() as store:
        files = Files(FilesSettings(url=Path(store).as_uri()), Keyring("a secret of the tests " * 3), SystemClock())
        watch = Watch()
        looking = asyncio.ensure_future(watch.look())
        taken = await take(files, picture)
        looking.cancel()
    told = {"size": [taken.width, taken.height], "grown": watch.grown, "stalled": watch.stalled}
    sys.stdout.write(json.dumps(told))


def take(files: Files, picture: Path) -> "asyncio.Future[TakenPicture]":
    bounds = PictureBounds(largest=LARGEST)
    return asyncio.ensure_future(take_picture(files, pieces(picture), tenant=UUID(int=1), bounds=bounds, field="photo"))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
