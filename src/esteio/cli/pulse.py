"""How a parent knows that a worker has started and that its event loop still turns: bytes on a pipe."""

import asyncio
import os
from contextlib import suppress

EVERY = 0.5
"""Seconds between two bytes."""


class Pulse:
    """The worker's side. Nothing is sent before `start`; a parent that does not read holds up nobody."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._begun = False
        if descriptor is not None:
            os.set_blocking(descriptor, False)

    def __bool__(self) -> bool:
        """Whether a parent listens."""
        return self._descriptor is not None

    def start(self) -> None:
        """Say that this worker has started."""
        self._begun = True
        self._beat()

    async def go_on(self) -> None:
        """Beat as long as the event loop turns."""
        while self._descriptor is not None:
            if self._begun:
                self._beat()
            await asyncio.sleep(EVERY)

    def _beat(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                os.write(self._descriptor, b".")


class Heard:
    """The parent's side: `started` becomes true with the first byte, false when the pipe ends without one.

    `last` is the loop's time of the latest byte, or of the beginning.
    """

    def __init__(self, descriptor: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._descriptor = descriptor
        self.started: asyncio.Future[bool] = self._loop.create_future()
        self.last = self._loop.time()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._readable)

    @property
    def came(self) -> bool:
        return self.started.done() and self.started.result()

    def _readable(self) -> None:
        beats = os.read(self._descriptor, 4096)
        if not beats:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
        self.last = self._loop.time()
        if not self.started.done():
            self.started.set_result(bool(beats))
