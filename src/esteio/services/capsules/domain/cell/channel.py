"""The one way out: lines of JSON on what was the standard output, which nobody else finds there any more."""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

_FAR = 60
"""A descriptor that nothing else gets by itself."""

Say = Callable[[Mapping[str, Any]], None]


def taken() -> Say:
    """What writes a line. Standard input, output and error are nobody's from now on."""
    way = os.dup2(1, _FAR, inheritable=False)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)

    def say(message: Mapping[str, Any]) -> None:
        line = json.dumps(message).encode() + b"\n"
        while line:
            line = line[os.write(way, line) :]

    return say
