"""Why `esteio up` does not start, or gives up: a sentence for the operator, an exit code for the script around it."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """Exit codes of `esteio up`, after sysexits(3). 0 is a stop that was asked for; 2 is a wrong command line."""

    DATA = 65
    """The data directory is of a newer version, or is not Esteio's. Nothing was touched."""
    PORT_TAKEN = 69
    """The address cannot be listened on. Nothing was started."""
    FAILED = 70
    """An engine, a migration, the API or what works behind it failed; the sentence ends with its last words."""
    NO_SPACE = 73
    """The disk is full (or nearly) or cannot be written; no half-made database is left behind."""
    BUSY = 75
    """Another `esteio up` uses the data directory. Try again after it ended."""
    NO_PERMISSION = 77
    """A file or directory belongs to someone else."""
    CONFIG = 78
    """An engine's binary is missing; the sentence names what to install or to set."""


class Refused(Exception):
    """A start-up refusal. `str()` is one sentence that says what is wrong and what to do about it."""

    def __init__(self, sentence: str, code: ExitCode) -> None:
        super().__init__(sentence)
        self.code = code


def from_system(error: OSError, where: Path) -> Refused:
    """What the operating system refused, in the same words for every file."""
    code = ExitCode.NO_PERMISSION if isinstance(error, PermissionError) else ExitCode.NO_SPACE
    return Refused(f"{error.filename or where}: {error.strerror or error}. Esteio cannot use {where}.", code)
