"""CPU time of a process and everything it started."""

import psutil


def spent(pid: int) -> float:
    """Seconds of user and system time of the process, its descendants, and those of them that have ended.

    A descendant that ends between two readings moves its time into its parent's `children_*`, so nothing is lost.
    """
    total = 0.0
    for process in _tree(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]
