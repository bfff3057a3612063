"""`python -m bench.uploading PHOTO`: takes it in as the API does, and writes its bytes to the store; the figures."""

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from bench import memory
from esteio.base.clock import SystemClock
from esteio.base.crypto import Keyring
from esteio.base.principal import DEFAULT_TENANT
from esteio.files.files import Files
from esteio.files.pictures import PictureBounds, take_picture
from esteio.files.records import new_key
from esteio.files.settings import FilesSettings

CHUNK, BEAT = 65_536, 0.005
BOUNDS = PictureBounds(largest=100 * memory.MIB)


class Beat:
    """The longest time between two turns of the loop beyond what was asked for."""

    longest = 0.0

    async def go_on(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(BEAT)
            self.longest = max(self.longest, loop.time() - began - BEAT)


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), CHUNK):
        yield data[at : at + CHUNK]


async def store(files: Files, data: bytes) -> None:
    async with files.store.writing(new_key(DEFAULT_TENANT)) as upload:
        async for piece in pieces(data):
            await upload.write(piece)


async def measured(files: Files, data: bytes) -> dict[str, float]:
    """Seconds, seconds of CPU, and bytes of memory."""
    await store(files, b"the driver is loaded")
    began, cpu = time.monotonic(), time.process_time()
    await store(files, data)
    told = {"bytes": float(len(data)), "stored": time.monotonic() - began, "stored_cpu": time.process_time() - cpu}
    memory.forget_peaks(os.getpid())
    idle, beat = memory.resident(os.getpid()), Beat()
    beating = asyncio.ensure_future(beat.go_on())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began, cpu = time.monotonic(), time.process_time()
    await take_picture(files, pieces(data), tenant=DEFAULT_TENANT, bounds=BOUNDS, field="photo")
    told |= {"taken": time.monotonic() - began, "taken_cpu": time.process_time() - cpu, "stalled": beat.longest}
    beating.cancel()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told["grown"] = memory.peak(os.getpid()) - idle
    told["decoder_cpu"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told["decoder_peak"] = after.ru_maxrss * 1024
    return told


def main(picture: Path) -> None:
    with tempfile.TemporaryDirectory(dir=picture.parent) as place:
        settings = FilesSettings(url=(Path(place) / "store").as_uri(), temp_dir=place)
        files = Files(settings, Keyring("a secret of the bench " * 3), SystemClock())
        print(json.dumps(asyncio.run(measured(files, picture.read_bytes()))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
