"""Telling a process from another one that was later given the same number."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

STATE, STARTED = 0, 19  # fields of /proc/<pid>/stat, counted after the name in parentheses


def birth_mark(pid: int) -> str | None:
    """The same text as long as the same process lives; None when it is gone or only waits to be reaped.

    On Linux the clock ticks since boot and the boot's id, so that neither a corrected clock nor a reboot confuses it;
    elsewhere the start time as `ps` prints it, to the second.
    """
    return _from_proc(pid) if sys.platform == "linux" else _from_ps(pid)


def _from_proc(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[STATE] in "ZX" else f"{_boot()}/{fields[STARTED]}"


def _from_ps(pid: int) -> str | None:
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else " ".join(started.split())


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "boot"
