"""A PostgreSQL cluster on disk: its version, its making, and the lock a killed server left."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from esteio.embedded.account import Account, give
from esteio.embedded.binaries import PostgresBinaries
from esteio.embedded.child import Child, Program
from esteio.embedded.children import Children
from esteio.embedded.identity import birth_mark
from esteio.embedded.patience import Pause
from esteio.embedded.postgres import DATABASE, ROLE
from esteio.embedded.refusals import ExitCode, Refused

BUILTIN_LOCALE_SINCE = 17
INIT_SECONDS = 60.0
FIRST_STATEMENTS = f"""
CREATE ROLE {ROLE} LOGIN NOSUPERUSER CREATEROLE CREATEDB;
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""
NO_SPACE = "No space left on device"


def major_of(data: Path) -> int | None:
    """The major version that wrote a cluster; None where there is no cluster yet."""
    try:
        return int((data / "PG_VERSION").read_text().split(".")[0])
    except FileNotFoundError:
        return None
    except ValueError:
        raise Refused(f"{data} is not a PostgreSQL cluster: PG_VERSION is unreadable.", ExitCode.DATA) from None


@dataclass(frozen=True)
class Making:
    """Makes a cluster beside its place and moves it there complete, so that no failure leaves half of one."""

    binaries: PostgresBinaries
    data: Path
    log: Path
    account: Account | None
    environment: Mapping[str, str]
    durable: bool = True

    def make(self, children: Children, pause: Pause) -> None:
        """Role and database are in it when it appears. Raises `Refused` when the disk is full or initdb fails."""
        draft = self.data.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        try:
            draft.mkdir(mode=0o700)
            give(draft, self.account)
            self._run(children, pause, self._initdb(draft))
            self._run(children, pause, self._first_statements(draft))
            draft.rename(self.data)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _run(self, children: Children, pause: Pause, program: Program) -> None:
        child = children.run(program, INIT_SECONDS, pause)
        if child.ended != 0:
            raise _failure(child)

    def _initdb(self, draft: Path) -> Program:
        options = ["-D", str(draft), "-U", "postgres", "-E", "UTF8", "--auth-local=trust", "--auth-host=reject"]
        options += self._locale() + ([] if self.durable else ["--no-sync"])
        return self._program((self.binaries.program("initdb"), *options))

    def _locale(self) -> list[str]:
        """The same order of texts on every machine, whatever locales it has installed."""
        if self.binaries.major >= BUILTIN_LOCALE_SINCE:
            return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return ["--locale=C.UTF-8"] if sys.platform == "linux" else ["--locale=C"]

    def _first_statements(self, draft: Path) -> Program:
        """Without a server: PostgreSQL's single-user mode, ended by the first statement that fails."""
        alone = ("--single", "-D", str(draft), "-c", "exit_on_error=on", "-c", "log_checkpoints=off", "postgres")
        return self._program((self.binaries.program("postgres"), *alone), said=FIRST_STATEMENTS.encode())

    def _program(self, command: tuple[str, ...], said: bytes | None = None) -> Program:
        return Program("initdb", command, self.environment, self.account, self.log, said, directory="/")


def _failure(child: Child) -> Refused:
    words = child.last_words()
    if NO_SPACE in words:
        return Refused("The disk is full: no database was made, nothing is left of the attempt.", ExitCode.NO_SPACE)
    return Refused(f"PostgreSQL's cluster could not be made (exit {child.ended}):\n{words}", ExitCode.FAILED)


def disown_stale_lock(data: Path) -> None:
    """Puts our own pid into the `postmaster.pid` of a server that is no more.

    PostgreSQL forgives a pid that is gone or is its parent's, but neither one that waits to be reaped nor one that was
    given to another process of the same account, both of them common in containers. The file itself must stay: by it
    PostgreSQL knows whether processes of the dead server still use its memory. The caller holds the directory's lock.
    """
    lock = data / "postmaster.pid"
    try:
        pid, rest = lock.read_text().split("\n", 1)
        alive = birth_mark(int(pid)) is not None and _works_in(int(pid), data)
    except (FileNotFoundError, ValueError):
        return
    if not alive:
        with os.fdopen(os.open(lock, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w") as file:
            file.write(f"{os.getpid()}\n{rest}")


def _works_in(pid: int, data: Path) -> bool:
    """A PostgreSQL server's working directory is its cluster. Where we cannot look, it is taken to be one."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except OSError:
        return True
