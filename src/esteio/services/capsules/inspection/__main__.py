"""The inspecting process: binds itself, then works, then says what it found on its standard output."""

import sys

from esteio.confined.bounds import bind
from esteio.services.capsules.inspection.order import Bounds, answer, pairs

_DEPTH = 3_000
"""Calls within calls: a text nested deeper is refused by its parser and not by the end of the stack."""


def main(bounds: Bounds) -> None:
    bind(memory=bounds.memory, cpu=bounds.seconds, life=bounds.seconds + 1, written=0)
    sys.setrecursionlimit(_DEPTH)
    # Only now, under the bounds.
    from esteio.services.capsules.inspection import checking, comparing

    found = checking.checked if bounds.work == "check" else comparing.compared
    sys.stdout.buffer.write(answer(found(pairs(sys.stdin.buffer), bounds.shown)))


if __name__ == "__main__":
    main(Bounds.read(sys.argv[1]))
