"""The decoding process: binds itself, then decodes, then says what became of it on its standard output."""

import errno
import os
import resource
import signal
import sys
from math import ceil

from esteio.files.images.order import Order, Refused, Verdict

_NICER = 10
"""Requests go first."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_MOST_WRITTEN = 256 * 1_048_576


def main(order: Order) -> None:
    _bind(order)
    os.write(sys.stdout.fileno(), _judged(order).written())


def _bind(order: Order) -> None:
    """No way back from here: less memory, little time, no core that would keep the picture."""
    seconds = ceil(order.seconds)
    os.nice(_NICER)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (order.memory, order.memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_WRITTEN, _MOST_WRITTEN))
    # Ends it also when nobody is left to do so.
    signal.alarm(seconds + 1)


def _judged(order: Order) -> Verdict:
    try:
        # Only now, under the bounds, and not in the processes that read this package for the order's sake.
        from esteio.files.images.decoding import remade
    except ImportError:
        return Verdict(why="absent")
    try:
        with os.fdopen(order.into, "wb") as into:
            return remade(sys.stdin.buffer, into, pixels=order.pixels, edge=order.edge)
    except Refused as refused:
        return Verdict(*refused.size, why=refused.why)
    except OSError as error:
        if error.errno in _FULL:
            return Verdict(why="full")
        raise
    except MemoryError:
        return Verdict(why="heavy")


if __name__ == "__main__":
    main(Order.read(sys.argv[1]))
