"""Signals as something to wait for, so that one thread can both wait and be woken."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from types import FrameType
from typing import Self

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PIPE_BYTES = 4096


class Interrupted(Exception):
    """A stop was asked for while something was being waited for."""


class Watch:
    """Holds the process's signals for the time of a block; only the main thread may.

    SIGINT, SIGTERM and SIGHUP ask for a stop; a SIGHUP that was ignored before (nohup) stays ignored. A second Ctrl-C
    hurries. The end of any child wakes whoever waits.
    """

    def __init__(self) -> None:
        self.asked = False
        self.hurried = False

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        for end in (self._reader, self._writer):
            os.set_blocking(end, False)
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        heeded = [one for one in STOP_SIGNALS if one != signal.SIGHUP or signal.getsignal(one) != signal.SIG_IGN]
        self._before = {one: signal.signal(one, self._ask) for one in heeded}
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._reader)
        os.close(self._writer)

    def _ask(self, number: int, _: FrameType | None) -> None:
        self.hurried = self.hurried or (self.asked and number == signal.SIGINT)
        self.asked = True

    def pause(self, seconds: float) -> None:
        """Waits for a signal, so many seconds at most. Raises `Interrupted` when a stop was asked for."""
        if not self.asked:
            self.rest(seconds)
        if self.asked:
            raise Interrupted

    def rest(self, seconds: float) -> None:
        """The same, for the time of stopping: never raises."""
        readable, _, _ = select.select([self._reader], [], [], seconds)
        if readable:
            with suppress(BlockingIOError):
                os.read(self._reader, PIPE_BYTES)
