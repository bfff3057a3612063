"""Where the lines of this process's log go: to standard error, whole lines at a time."""

import sys


def write(lines: str) -> None:
    """Write lines, each of which ends with a line feed, in one piece: those of other threads come before or after it.

    Standard error is what it is at the time, since tests and supervisors replace it. Where it cannot be written the
    lines are lost, never the work that they tell of.
    """
    try:
        stream = sys.stderr
        stream.write(lines)
        stream.flush()
    except (AttributeError, OSError, ValueError):  # there is none, its reader is gone, or it is closed
        return
