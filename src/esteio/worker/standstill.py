"""The end of a process whose event loop stands still and which no parent watches; whoever runs it starts it anew."""

import asyncio
import os
import threading
import time

from esteio.telemetry.logs import log

_LOOK_EVERY = 0.5


class Standstill:
    """Ends this process with code 1 when `turn` was not let go on for so many seconds; 0: never."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = time.monotonic()

    async def turn(self) -> None:
        """Runs on the loop that is watched, until it is cancelled."""
        if not self._seconds:
            return
        self._last = time.monotonic()
        threading.Thread(target=self._watch, name="standstill", daemon=True).start()
        while True:
            self._last = time.monotonic()
            await asyncio.sleep(_LOOK_EVERY)

    def _watch(self) -> None:
        waiting = threading.Event()
        looked = time.monotonic()
        while True:
            waiting.wait(_LOOK_EVERY)
            now = time.monotonic()
            if now - looked > self._seconds / 2 + _LOOK_EVERY:
                self._last = now  # the whole process stood still, as on a machine that was frozen
            looked = now
            if now - self._last > self._seconds:
                log("esteio.worker").critical("event loop stands still", seconds=round(now - self._last, 1))
                os._exit(1)
