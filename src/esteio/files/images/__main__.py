"""The decoding process: binds itself, then decodes, then says what became of it on its standard output."""

import errno
import os
import sys

from esteio.confined.bounds import bind
from esteio.files.images.order import Order, Refused, Verdict

_FULL = (errno.ENOSPC, errno.EDQUOT)
_MOST_WRITTEN = 256 * 1_048_576


def main(order: Order) -> None:
    bind(memory=order.memory, cpu=order.seconds, life=order.seconds + 1, written=_MOST_WRITTEN)
    os.write(sys.stdout.fileno(), _judged(order).written())


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
