"""A log that a flood cannot drown."""

from typing import Any

import structlog

from esteio.base.clock import Clock, SystemClock

MOST = 5


class SparseLog:
    """Writes at most `MOST` lines a second. The next line that is written says how many were left out before it."""

    def __init__(self, logger: structlog.stdlib.BoundLogger, clock: Clock | None = None) -> None:
        self._logger = logger
        self._now = (clock or SystemClock()).monotonic
        self._second = 0
        self._written = 0
        self._left_out = 0

    def info(self, event: str, **values: Any) -> None:
        second = int(self._now())
        if second != self._second:
            self._second, self._written = second, 0
        if self._written >= MOST:
            self._left_out += 1
            return
        self._written += 1
        if self._left_out:
            values["left_out"], self._left_out = self._left_out, 0
        self._logger.info(event, **values)
