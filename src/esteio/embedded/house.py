"""What `esteio up` does, in order: directory, port, engines, stand-ins, migrations, first administrator, samples, API;
worker, scheduler.

Then it watches them, until it ends them: API, scheduler, worker, stand-ins, engines.

The commands it runs are given to it, so that this floor knows nothing of the floors above, and a test can run others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from esteio.embedded.address import Address
from esteio.embedded.children import Children, end_orphans
from esteio.embedded.commands import READY_GLANCE, SERVE_GRACE, Commands, Performance
from esteio.embedded.directory import DataDirectory, open_directory
from esteio.embedded.engines import Engines
from esteio.embedded.patience import until
from esteio.embedded.refusals import Refused, from_system
from esteio.embedded.stand_ins import Place, Places, held
from esteio.embedded.supervision import Backoff, Supervision
from esteio.embedded.watch import Interrupted, Watch

DATABASE_URL, REDIS_URL = "ESTEIO_DATABASE__URL", "ESTEIO_REDIS__URL"
SECRET_KEY, LIFELINE = "ESTEIO_SECRET_KEY", "ESTEIO_LIFELINE_FD"
METRICS = "PROMETHEUS_MULTIPROC_DIR"
FILES_URL = "ESTEIO_FILES__URL"
STAND_INS = "ESTEIO_DEVELOPMENT__STAND_INS"
BACKUP_URL, BACKUP_DATABASE_URL = "ESTEIO_BACKUP__URL", "ESTEIO_BACKUP__DATABASE_URL"


@dataclass(frozen=True)
class Opened:
    """What there is to tell once the API answers. The data directory's paths are absolute.

    stand_ins: where each party is that is played here, by its name.
    """

    address: Address
    database_url: str
    redis_url: str
    data: Path
    logs: Path
    stand_ins: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True)
class Voice:
    """How the house speaks: notes while it runs, the first credentials (once), that it is open."""

    note: Callable[[str], None]
    credentials: Callable[[Mapping[str, str]], None]
    opened: Callable[[Opened], None]


class House:
    """One run of `esteio up`.

    An engine whose address stands in `environment` is not started: that address is used. Every command gets both
    addresses, what the stand-ins are found by, the master secret, a directory where metrics meet, and the descriptor of
    the lifeline: a pipe that reaches its end when this process is gone, however it went.
    """

    def __init__(
        self,
        data: Path,
        address: Address,
        commands: Commands,
        environment: Mapping[str, str],
        voice: Voice,
        backoff: Backoff | None = None,
    ) -> None:
        self._data = data
        self._address = address
        self._commands = commands
        self._environment = dict(environment)
        self._voice = voice
        self._backoff = backoff

    def live(self) -> None:
        """Runs until a stop is asked for, then ends every child. Raises `Refused`; nothing runs then either."""
        try:
            self._live()
        except OSError as error:
            raise from_system(error, self._data) from error

    def _live(self) -> None:
        with Watch() as watch, suppress(Interrupted), open_directory(self._data) as directory:
            self._take_address(end_orphans(directory.children, pause=watch.pause), watch)
            children = Children(directory.children, watch.rest, lambda: watch.hurried)
            engines = self._engines(directory, children, watch)
            with _lifeline() as lifeline, held(self._commands.stand_ins, self._address.port, directory) as places:
                try:
                    engines.start()
                    environment = self._environment_for(directory, engines, lifeline) | _played(directory, places)
                    performance = Performance(self._commands, environment, lifeline, children, watch.pause, watch.rest)
                    self._open(directory, performance, places)
                    self._keep(children, watch)
                finally:
                    engines.stop()

    def _take_address(self, orphans: int, watch: Watch) -> None:
        """After a `kill -9` the old API's own children may need a moment to notice; a stranger's port is final."""
        if orphans:
            until(self._address.free, SERVE_GRACE, watch.pause, READY_GLANCE)
        self._address.check()

    def _engines(self, directory: DataDirectory, children: Children, watch: Watch) -> Engines:
        return Engines(
            directory,
            children,
            with_postgres=not self._environment.get(DATABASE_URL),
            with_valkey=not self._environment.get(REDIS_URL),
            pause=watch.pause,
            say=self._voice.note,
        )

    def _environment_for(self, directory: DataDirectory, engines: Engines, lifeline: int) -> dict[str, str]:
        ours = {
            DATABASE_URL: self._environment.get(DATABASE_URL) or engines.database_url,
            REDIS_URL: self._environment.get(REDIS_URL) or engines.redis_url,
            SECRET_KEY: self._environment.get(SECRET_KEY) or directory.secret(),
            METRICS: self._environment.get(METRICS) or str(directory.new_metrics()),
            FILES_URL: self._environment.get(FILES_URL) or (directory.path / "files").as_uri(),
            BACKUP_URL: self._environment.get(BACKUP_URL) or (directory.path / "backups").as_uri(),
            LIFELINE: str(lifeline),
        }
        if not self._environment.get(DATABASE_URL) and not self._environment.get(BACKUP_DATABASE_URL):
            ours[BACKUP_DATABASE_URL] = engines.administrator_url  # who else would see every tenant's rows
        return {name: value for name, value in self._environment.items() if not name.startswith("PG")} | ours

    def _open(self, directory: DataDirectory, performance: Performance, places: Places) -> None:
        for part, place in places.found:
            performance.stand_in(part, place, directory.log(part.name.lower()))
        self._migrate(directory, performance)
        credentials = self._first_credentials(directory, performance)
        try:
            if trouble := performance.demonstrate():
                self._voice.note(trouble)
            api = performance.serve(self._address)
        except Refused:
            directory.migrated.unlink(missing_ok=True)
            raise
        finally:  # told even if the API fails: nobody could ask for them again
            if credentials:
                self._voice.credentials(credentials)
            directory.bootstrapped.touch()
        database_url, redis_url = (performance.environment[name] for name in (DATABASE_URL, REDIS_URL))
        told = (directory.path, directory.logs, places.by_name)
        self._voice.opened(Opened(self._address, database_url, redis_url, *told))
        performance.work(api)

    def _migrate(self, directory: DataDirectory, performance: Performance) -> None:
        """Once for each set of revisions: to find nothing to do costs as much as to start the API.

        An API that does not get ready makes the next start migrate again, whatever was noted here.
        """
        revisions = "" if self._environment.get(DATABASE_URL) else self._commands.revisions
        if revisions and directory.migrated.exists() and directory.migrated.read_text() == revisions:
            return
        directory.migrated.unlink(missing_ok=True)
        performance.migrate()
        directory.migrated.write_text(revisions)

    def _first_credentials(self, directory: DataDirectory, performance: Performance) -> Mapping[str, str]:
        """A database of someone else's is asked every time: this directory does not know what it went through."""
        known = directory.bootstrapped.exists() and not self._environment.get(DATABASE_URL)
        return {} if known else performance.bootstrap()

    def _keep(self, children: Children, watch: Watch) -> None:
        supervision = Supervision(children, self._voice.note, self._backoff)
        while True:
            watch.pause(supervision.look())


def _played(directory: DataDirectory, places: Places) -> dict[str, str]:
    """How the parties are found, and the file by which the API shows who is played."""
    return {**places.variables, STAND_INS: str(directory.stand_ins) if places.found else ""}


@contextmanager
def _lifeline() -> Iterator[int]:
    """The reading end of a pipe nobody writes to. Only this process holds the other end."""
    reader, writer = os.pipe()
    try:
        yield reader
    finally:
        os.close(reader)
        os.close(writer)
