"""Keeping children alive: one that ended by itself is started again, ever later, and not for ever."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from esteio.embedded.child import Child
from esteio.embedded.children import Children
from esteio.embedded.refusals import ExitCode, Refused

IDLE_SECONDS = 3600.0


@dataclass(frozen=True)
class Backoff:
    """Doubling delays, in seconds. A child that lived for `steady` starts with a clean record."""

    first: float = 0.2
    longest: float = 10.0
    tries: int = 10
    steady: float = 60.0

    def delay(self, failures: int) -> float:
        return min(self.longest, self.first * 2.0 ** (failures - 1))


class Supervision:
    """Looks after the living of `children`. Knows nothing of time passing: `look` says when to look again."""

    def __init__(
        self,
        children: Children,
        say: Callable[[str], None],
        backoff: Backoff | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._children = children
        self._say = say
        self._backoff = backoff or Backoff()
        self._monotonic = monotonic
        self._failures: Counter[str] = Counter()
        self._due: dict[int, float] = {}

    def look(self) -> float:
        """Starts anew what is due; answers the seconds until the next one is.

        Raises `Refused` when a child ended too often in a row.
        """
        for child in list(self._children.living):
            if child.gone():
                self._attend(child)
        return max(0.0, min(self._due.values(), default=self._monotonic() + IDLE_SECONDS) - self._monotonic())

    def _attend(self, child: Child) -> None:
        now = self._monotonic()
        if child.pid not in self._due:
            self._due[child.pid] = now + self._verdict(child, now)
        if now >= self._due[child.pid]:
            del self._due[child.pid]
            self._children.start_again(child)

    def _verdict(self, child: Child, now: float) -> float:
        name = child.program.name
        self._failures[name] = self._failures[name] + 1 if now - child.started < self._backoff.steady else 1
        failures = self._failures[name]
        if failures > self._backoff.tries:
            words = child.last_words()
            raise Refused(f"{name} ended {failures} times in a row, last with {child.ended}.\n{words}", ExitCode.FAILED)
        delay = self._backoff.delay(failures)
        self._say(f"{name} ended unexpectedly (exit {child.ended}); it starts again in {delay:.1f} s")
        return delay
