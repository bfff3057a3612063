"""One process: what to run, how it is started and how it is ended.

A child leads a session of its own: Ctrl-C in the terminal reaches only `esteio up`, which ends the rest in order.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from esteio.embedded.account import Account
from esteio.embedded.identity import birth_mark
from esteio.embedded.patience import Pause, until

LAST_WORDS = 8
KILL_SECONDS = 5.0
LEASH = Path(__file__).with_name("leash.py")


@dataclass(frozen=True)
class Program:
    """What to run and how to end it. Without `log` it writes where its starter writes."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    account: Account | None = None
    log: Path | None = None
    said: bytes | None = None
    """Written to its standard input, which is then closed; at most a pipe's 64 KiB."""
    heard: bool = False
    """Its standard output is kept for `Child.output`; at most a pipe's 64 KiB."""
    directory: str | None = None
    inherited: tuple[int, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    hasty_signal: signal.Signals = signal.SIGKILL
    grace: float = 5.0
    """Seconds between the two signals."""


class Child:
    """A running program. Start it from a thread that lives as long as it should: Linux ends it with that thread."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._log_start = program.log.stat().st_size if program.log and program.log.exists() else 0
        with _appending(program.log) as log:
            self._process = _spawn(program, log)
        self.pid = self._process.pid
        self.birth = birth_mark(self.pid)
        self.started = time.monotonic()
        if program.said is not None and self._process.stdin:
            with suppress(BrokenPipeError), self._process.stdin as pipe:
                pipe.write(program.said)

    @property
    def ended(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def gone(self) -> bool:
        return self.ended is not None

    def output(self) -> bytes:
        """What an ended program with `heard` wrote."""
        if self._process.stdout is None:
            return b""
        with self._process.stdout as pipe:
            return pipe.read()

    def last_words(self) -> str:
        """The last lines it wrote to its log, for a sentence that explains its end."""
        if self.program.log is None:
            return ""
        with self.program.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-LAST_WORDS:])

    def stop(self, rest: Pause = time.sleep, hurried: Callable[[], bool] = lambda: False) -> None:
        """Ends it: first politely, after its grace (or as soon as `hurried`) less so, at last by force."""
        self._send(self.program.stop_signal)
        until(lambda: self.gone() or hurried(), self.program.grace, rest)
        if not self.gone():
            self._send(self.program.hasty_signal)
            until(self.gone, KILL_SECONDS, rest)
        kill_group(self.pid)
        self._process.wait()

    def _send(self, number: signal.Signals) -> None:
        if not self.gone():
            self._process.send_signal(number)


def kill_group(pid: int) -> None:
    """Ends by force whatever is left of the session a child led, its own children included."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _spawn(program: Program, log: int | None) -> subprocess.Popen[bytes]:
    who = (program.account.uid, program.account.gid) if program.account else (-1, -1)
    leash = (os.getpid(), int(program.stop_signal), *who)
    return subprocess.Popen(  # noqa: S603 - only programs named by this package and by `esteio up`
        [sys.executable, "-I", "-S", str(LEASH), *map(str, leash), *program.command],
        env=dict(program.environment),
        cwd=program.directory,
        stdin=subprocess.DEVNULL if program.said is None else subprocess.PIPE,
        stdout=subprocess.PIPE if program.heard else log,
        stderr=log,
        pass_fds=program.inherited,
        start_new_session=True,
    )


@contextmanager
def _appending(path: Path | None) -> Iterator[int | None]:
    """A log opened for the time it takes to hand it to a child; the child needs no right to its directory."""
    if path is None:
        yield None
        return
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        yield log
    finally:
        os.close(log)
