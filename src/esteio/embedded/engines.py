"""Both engines of a data directory, started together and stopped together."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from esteio.embedded.account import Account, engine_account, open_way
from esteio.embedded.binaries import PostgresBinaries, find_postgres, find_valkey
from esteio.embedded.child import Child, Program
from esteio.embedded.children import Children, end_orphans
from esteio.embedded.cluster import Making, disown_stale_lock, major_of
from esteio.embedded.directory import DataDirectory, open_directory
from esteio.embedded.patience import Pause, until
from esteio.embedded.postgres import ROLE, SHARED_MEMORY_HELD, SUPERUSER, Postgres
from esteio.embedded.refusals import ExitCode, Refused
from esteio.embedded.sockets import release, socket_directory
from esteio.embedded.valkey import Valkey

START_SECONDS = 120.0  # PostgreSQL may have a long log to recover from
TRIES = 50
TRY_AGAIN_SECONDS = 0.2


class Engine(Protocol):
    @property
    def url(self) -> str: ...
    def program(self) -> Program: ...
    def ready(self, child: Child) -> bool: ...


class Running:
    """One engine and its process; a test may stop, start, kill, freeze and thaw it."""

    def __init__(self, engine: Engine, children: Children, pause: Pause) -> None:
        self.url = engine.url
        self._engine = engine
        self._children = children
        self._pause = pause
        self._child = children.start(engine.program())

    @property
    def pid(self) -> int:
        return self._child.pid

    def await_ready(self) -> None:
        """Returns when it answers. Raises `Refused` with its last words when it ended instead."""
        for _ in range(TRIES):
            child = self._child
            until(lambda one=child: one.gone() or self._engine.ready(one), START_SECONDS, self._pause)  # type: ignore[misc]
            if not child.gone():
                break
            if SHARED_MEMORY_HELD not in child.last_words():
                raise self._failure(f"ended (exit {child.ended})")
            self._pause(TRY_AGAIN_SECONDS)
            self._child = self._children.start_again(child)
        if not self._engine.ready(self._child):
            raise self._failure(f"was not ready within {START_SECONDS:.0f} s")

    def start(self) -> None:
        """Starts it anew after `stop` or `kill`, and waits until it answers."""
        if self._child in self._children.living:
            self._child = self._children.start_again(self._child)
        else:
            self._child = self._children.start(self._engine.program())
        self.await_ready()

    def stop(self) -> None:
        self._children.stop(self._child)

    def kill(self) -> None:
        """Ends it as a crash would."""
        os.kill(self.pid, signal.SIGKILL)
        until(self._child.gone, START_SECONDS)

    def freeze(self) -> None:
        """Makes it silent: connections stay open, nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _failure(self, what: str) -> Refused:
        program = self._child.program
        return Refused(f"{program.name} {what}; its log is {program.log}:\n{self._child.last_words()}", ExitCode.FAILED)


class Engines:
    """Starts what is wanted of PostgreSQL and Valkey in a directory that the caller holds open.

    `durable=False` spares fsync, for tests: such data survive a crash of any process, not of the machine. `say` takes
    notes for the operator.
    """

    postgres: Running
    valkey: Running

    def __init__(
        self,
        directory: DataDirectory,
        children: Children,
        *,
        with_postgres: bool = True,
        with_valkey: bool = True,
        durable: bool = True,
        pause: Pause = time.sleep,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._directory = directory
        self._children = children
        self._with_postgres = with_postgres
        self._with_valkey = with_valkey
        self._durable = durable
        self._pause = pause
        self._say = say
        self._account: Account | None = None

    @property
    def database_url(self) -> str:
        """PostgreSQL's address, for asyncpg and libpq: its socket, the role `esteio`, the database `esteio`."""
        return self.postgres.url

    @property
    def administrator_url(self) -> str:
        """The same database as the cluster's superuser, whom the socket's directory lets in."""
        return self.database_url.replace(f"//{ROLE}@", f"//{SUPERUSER}@", 1)

    @property
    def redis_url(self) -> str:
        return self.valkey.url

    def start(self) -> None:
        """Both answer when this returns. Raises `Refused`; binaries and versions are looked at first."""
        binaries = find_postgres(major_of(self._directory.postgres)) if self._with_postgres else None
        server = find_valkey() if self._with_valkey else None
        if not (binaries or server):
            return
        sockets = self._prepare([Path(binaries.program("postgres"))] if binaries else [], [server] if server else [])
        started = []
        if binaries:
            self.postgres = self._start_postgres(binaries, sockets)
            started.append(self.postgres)
        if server:
            log = self._directory.log("valkey")
            valkey = Valkey(server, sockets, log, self._account, _environment())
            self.valkey = Running(valkey, self._children, self._pause)
            started.append(self.valkey)
        for engine in started:
            engine.await_ready()

    def stop(self) -> None:
        """Ends both, and whatever else the caller started among the same children; removes the sockets' directory."""
        self._children.stop_all()
        release(self._directory, self._account)

    def _prepare(self, *programs: list[Path]) -> Path:
        """The account to run as, its way to all it needs, and the sockets' directory."""
        directory = self._directory
        self._account = engine_account(directory.postgres if directory.postgres.exists() else directory.path)
        for path in (*(one for some in programs for one in some), directory.run):
            open_way(path, self._account, self._say)
        return socket_directory(directory, self._account)

    def _start_postgres(self, binaries: PostgresBinaries, sockets: Path) -> Running:
        data, log = self._directory.postgres, self._directory.log("postgres")
        if not data.exists():
            making = Making(binaries, data, log, self._account, _environment(), self._durable)
            making.make(self._children, self._pause)
        disown_stale_lock(data)
        postgres = Postgres(binaries, data, sockets, log, self._account, _environment(), self._durable)
        return Running(postgres, self._children, self._pause)


@contextmanager
def running_engines(
    path: Path, *, durable: bool = True, least_space: int | None = None, say: Callable[[str], None] = lambda _: None
) -> Iterator[Engines]:
    """Both engines in a directory for the time of a block, such as a test session.

    Enter it in a thread that outlives the block. One directory serves one holder: each worker of a parallel test run
    takes a directory of its own, or one process starts the engines and hands the addresses to the others.
    """
    with open_directory(path, least_space) as directory:
        end_orphans(directory.children)
        engines = Engines(directory, Children(directory.children), durable=durable, say=say)
        try:
            engines.start()
            yield engines
        finally:
            engines.stop()


def _environment() -> Mapping[str, str]:
    """Nothing of ours: PG* variables and locales of the shell would change what the engines do."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
