"""Memory of a process and everything it started, as Linux counts it."""

from pathlib import Path

import psutil

PROC = Path("/proc")
MIB = 1024 * 1024


def resident(pid: int) -> int:
    """Bytes that are resident now."""
    return sum(_field(one.pid, "VmRSS") for one in _tree(pid))


def forget_peaks(pid: int) -> None:
    """From now on peaks are counted anew."""
    for one in _tree(pid):
        (PROC / str(one.pid) / "clear_refs").write_text("5")


def peak(pid: int) -> int:
    """The most bytes that were resident since then, a sum of each process's own peak."""
    return sum(_field(one.pid, "VmHWM") for one in _tree(pid))


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _field(pid: int, name: str) -> int:
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
