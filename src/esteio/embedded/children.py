"""The processes of one data directory, each on record on disk while it lives.

The record is what lets the start after a `kill -9` end exactly the processes that were left, and no other.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from esteio.embedded.child import Child, Program, kill_group
from esteio.embedded.identity import birth_mark
from esteio.embedded.patience import Pause, until


class Children:
    """Starts programs and ends them in the reverse order of starting."""

    def __init__(self, record: Path, rest: Pause = time.sleep, hurried: Callable[[], bool] = lambda: False) -> None:
        self._record = record
        self._rest = rest
        self._hurried = hurried
        self.living: list[Child] = []

    def start(self, program: Program, *, outlives: Child | None = None) -> Child:
        """Starts a program. It is ended before those that were started earlier, or right after the one it outlives."""
        child = Child(program)
        self.living.insert(self.living.index(outlives) if outlives else len(self.living), child)
        self._remember()
        return child

    def start_again(self, ended: Child) -> Child:
        """Runs an ended child's program anew, in the old one's place in the order of ending."""
        kill_group(ended.pid)
        child = Child(ended.program)
        self.living[self.living.index(ended)] = child
        with suppress(OSError):  # a full disk is no reason to stay down
            self._remember()
        return child

    def run(self, program: Program, seconds: float, pause: Pause) -> Child:
        """Runs a program to its end and answers it ended; one that takes longer is stopped."""
        child = self.start(program)
        until(child.gone, seconds, pause)
        self.stop(child)
        return child

    def stop(self, child: Child) -> None:
        child.stop(self._rest, self._hurried)
        self.living.remove(child)
        with suppress(OSError):  # nor to leave the others running; a stale line names a process that is gone
            self._remember()

    def stop_all(self) -> None:
        while self.living:
            self.stop(self.living[-1])

    def _remember(self) -> None:
        if not self.living:
            self._record.unlink(missing_ok=True)
            return
        lines = [{"pid": one.pid, "birth": one.birth, "stop": int(one.program.stop_signal)} for one in self.living]
        draft = self._record.with_suffix(".new")
        draft.write_text(json.dumps(lines))
        draft.replace(self._record)


@dataclass(frozen=True)
class Orphan:
    """A recorded process; it is the same one only as long as its birth mark is."""

    pid: int
    birth: str
    stop: int

    def gone(self) -> bool:
        return birth_mark(self.pid) != self.birth

    def end(self, seconds: float, pause: Pause) -> None:
        if not until(self.gone, seconds, pause):
            kill_group(self.pid)
            until(self.gone, seconds, pause)


def end_orphans(record: Path, seconds: float = 15.0, pause: Pause = time.sleep) -> int:
    """Ends the recorded processes that outlived their starter, and those only; answers how many were on record."""
    recorded = _recorded(record)
    living = [orphan for orphan in recorded if not orphan.gone()]
    for orphan in living:
        with suppress(ProcessLookupError):
            os.kill(orphan.pid, orphan.stop)
    for orphan in living:
        orphan.end(seconds, pause)
    record.unlink(missing_ok=True)
    return len(recorded)


def _recorded(record: Path) -> list[Orphan]:
    try:
        return [Orphan(**line) for line in json.loads(record.read_text())]
    except (FileNotFoundError, ValueError, TypeError):  # a record cut short by a full disk says nothing
        return []
