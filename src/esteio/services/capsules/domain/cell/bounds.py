"""The process binds itself before it reads anything; none of it can be undone by what runs later."""

import os
import resource

_NICER = 10
_OPEN_FILES = 64


def bind(seconds: int, memory: int, file_bytes: int) -> None:
    """Processor seconds, bytes of address space, bytes of any file; no core, no further process of this user."""
    os.nice(_NICER)
    for which, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(which, (most, most))
