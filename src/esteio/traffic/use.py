"""What this process uses of its machine, from /proc where there is one, else from what POSIX tells."""

import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_STATM = Path("/proc/self/statm")
_OPEN = ("/proc/self/fd", "/dev/fd")


@dataclass(frozen=True, slots=True)
class Use:
    """CPU time in seconds since the start (user and system), resident bytes, open files where they can be counted."""

    cpu_seconds: float
    memory_bytes: int
    open_files: int | None


def use() -> Use:
    """The use of this process now."""
    return Use(time.process_time(), _memory(), _files())


def _memory() -> int:
    """Resident bytes; where only their peak is told, that."""
    with suppress(OSError, ValueError, IndexError):
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _files() -> int | None:
    for place in _OPEN:
        with suppress(OSError):
            return sum(1 for _ in Path(place).iterdir()) - 1  # one of them is the listing itself
    return None
