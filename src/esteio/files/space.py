"""How much room the disks of files have left: told early, and uploads refused before a disk is full."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from esteio.base.clock import Clock
from esteio.base.errors import Unavailable
from esteio.files.backends import folder_of
from esteio.files.errors import StorageFull
from esteio.files.metrics import disk_bytes, free_bytes
from esteio.files.settings import FilesSettings
from esteio.files.spools import temporary_folder
from esteio.telemetry.logs import log

GOOD_FOR = 1.0
"""Seconds for which a measurement is good."""

WITHIN = 2.0
"""Seconds that a disk may take to answer; one that is mounted from elsewhere may never do."""

WARN_EVERY = 60.0
_MIB = 1_048_576


class Space:
    """Watches the disk of the store, where it is a folder, and that of the temporary files. A bucket is not watched."""

    def __init__(self, settings: FilesSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._places = {"temp": temporary_folder(settings)}
        folder = folder_of(settings)
        if folder is not None:
            self._places["store"] = folder
        self._last: Mapping[str, int] = {}
        self._measured_at = float("-inf")
        self._warned_at = float("-inf")
        self._measuring: asyncio.Task[Mapping[str, int]] | None = None

    async def demand(self, size: int) -> None:
        """Raises `StorageFull` when these bytes would leave less than `free_refuse_bytes` free on either disk.

        To be asked before anything of an upload is read. Raises `Unavailable` when a disk does not answer.
        """
        for place, free in (await self.free()).items():
            if free - size < self._settings.free_refuse_bytes:
                raise StorageFull(operator=f"{place}: {free} bytes are free, {size} more are asked for")

    async def low(self) -> str | None:
        """What is scarce, in words for an operator; `None` while there is enough. Raises `Unavailable`."""
        settings = self._settings
        scarce = {place: free for place, free in (await self.free()).items() if free < settings.free_warn_bytes}
        if not scarce:
            return None
        words = ", ".join(f"{free // _MIB} MiB are free for {place}" for place, free in sorted(scarce.items()))
        refusing = any(free < settings.free_refuse_bytes for free in scarce.values())
        return f"{words}; uploads are refused" if refusing else words

    async def free(self) -> Mapping[str, int]:
        """Bytes that are free for others than root, by place; at most a second old. Raises `Unavailable`."""
        if self._clock.monotonic() - self._measured_at < GOOD_FOR:
            return self._last
        # One measurement at a time: a disk that hangs holds one thread, not one for each who asks.
        if self._measuring is None or self._measuring.done():
            self._measuring = asyncio.ensure_future(asyncio.to_thread(self._measure))
        try:
            async with asyncio.timeout(WITHIN):
                self._last = await asyncio.shield(self._measuring)
        except (OSError, TimeoutError) as error:
            raise Unavailable(operator=f"the disk of files did not answer: {error!r}") from error
        self._measured_at = self._clock.monotonic()
        self._tell()
        return self._last

    def _measure(self) -> Mapping[str, int]:
        return {place: _free(place, folder) for place, folder in self._places.items()}

    def _tell(self) -> None:
        for place, free in self._last.items():
            free_bytes().labels(place).set(free)
        if min(self._last.values()) >= self._settings.free_warn_bytes:
            self._warned_at = float("-inf")
        elif self._measured_at - self._warned_at >= WARN_EVERY:
            self._warned_at = self._measured_at
            log("esteio.files").warning("little room is left for files", **self._last)


def _free(place: str, folder: Path) -> int:
    """Of the disk on which the folder is, or will be."""
    while not folder.exists():
        folder = folder.parent
    told = os.statvfs(folder)
    disk_bytes().labels(place).set(told.f_blocks * told.f_frsize)
    return told.f_bavail * told.f_frsize
