"""Becomes another program that runs under a lesser account and is told to end when its starter dies.

Run by its path, before anything of esteio is importable:

    python -I -S leash.py STARTER STOP_SIGNAL UID GID PROGRAM [ARGUMENT ...]      (UID -1: stay who you are)

A program of its own rather than `preexec_fn`: that would run Python between fork and exec, which is unsafe as soon as
the starter has threads. The process id and the time of birth stay the same over exec. The death signal is a promise
of Linux only; elsewhere the next start ends what is on record (see `children`).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
ENDED_WITH_STARTER = 75
DEFAULTS = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGCHLD", "SIGPIPE", "SIGXFSZ")


def main(arguments: list[str]) -> None:
    starter, stop_signal, uid, gid = (int(word) for word in arguments[:4])
    program = arguments[4:]
    restore_signals()
    control = process_control()
    if uid >= 0:
        become(uid, gid)
    if control:
        die_with(control, starter, stop_signal)
    try:
        os.execv(program[0], program)  # noqa: S606 - the starter chose the program
    except OSError as error:
        sys.exit(f"{program[0]} cannot be run by user {os.geteuid()}: {error.strerror}")


def restore_signals() -> None:
    """Undoes what a shell's `&` or Python's own start ignores: ignored signals would stay so over exec."""
    for name in DEFAULTS:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def become(uid: int, gid: int) -> None:
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def process_control() -> Callable[..., int] | None:
    """Linux's prctl. Loaded before `become`: a lesser account may have no way to Python's own modules."""
    if sys.platform != "linux":
        return None
    import ctypes  # only Linux needs it, and some builds of Python lack it

    prctl: Callable[..., int] = ctypes.CDLL(None).prctl
    return prctl


def die_with(control: Callable[..., int], starter: int, stop_signal: int) -> None:
    """Comes after `become`: a change of account clears the death signal."""
    if control(PR_SET_PDEATHSIG, stop_signal, 0, 0, 0) != 0 or os.getppid() != starter:  # it died before the call
        raise SystemExit(ENDED_WITH_STARTER)


if __name__ == "__main__":
    main(sys.argv[1:])
