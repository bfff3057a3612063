"""The child's side: what it may use, set before it reads anything that a stranger wrote."""

import os
import resource
import signal
from contextlib import suppress
from math import ceil

_NICER = 10
"""Requests go first."""


def bind(*, memory: int, cpu: float, life: float, written: int) -> None:
    """No way back from here: bytes of address space, seconds of CPU and of life, bytes of a file that is written; and
    no core, which would keep what it was fed.
    """
    seconds = ceil(cpu)
    os.nice(_NICER)
    for limit, most in (
        (resource.RLIMIT_CORE, (0, 0)),
        (resource.RLIMIT_CPU, (seconds, seconds + 1)),
        (resource.RLIMIT_AS, (memory, memory)),
        (resource.RLIMIT_FSIZE, (written, written)),
    ):
        # Not every system knows every limit.
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, most)
    # Ends it also when nobody is left to do so.
    signal.alarm(ceil(life))
