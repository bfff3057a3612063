"""What lies in a data directory, and who may use it: one `esteio up` at a time.

format          version of this layout          secret       the master secret, made once (0600)
lock            held while in use, with the pid  children.json  the processes running now
postgres/       the PostgreSQL cluster           log/         what the engines say
run/            the engines' sockets             bootstrapped the first administrator was told
metrics/        numbers of the processes now    migrated     the revisions that were applied last
files/          what is stored                  stand-ins.json  where the parties are that are played here
mails/          what the played mail server took
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from esteio.embedded.refusals import ExitCode, Refused

FORMAT = 1
MEBIBYTE = 1024 * 1024
FIRST_START_SPACE = 200 * MEBIBYTE
LATER_START_SPACE = 64 * MEBIBYTE  # PostgreSQL wants room for its log to recover
LOG_LIMIT = 16 * MEBIBYTE
NOT_FOREIGN = {"lock", "lost+found"}
SECRET_BYTES = 32


class DataDirectory:
    """The paths of a data directory. `open_directory` gives it locked and checked."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.postgres = self.path / "postgres"
        self.run = self.path / "run"
        self.logs = self.path / "log"
        self.children = self.path / "children.json"
        self.bootstrapped = self.path / "bootstrapped"
        self.migrated = self.path / "migrated"
        self.sockets_elsewhere = self.path / "sockets"
        self.format = self.path / "format"
        self.lock = self.path / "lock"
        self.secret_file = self.path / "secret"
        self.stand_ins = self.path / "stand-ins.json"

    def log(self, name: str) -> Path:
        """The log file of an engine; one that grew beyond 16 MiB is set aside as `.1` first."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        return path

    def new_metrics(self) -> Path:
        """An empty directory for this run: numbers of processes that are gone would be added up with those of today."""
        path = self.path / "metrics"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700)
        return path

    def secret(self) -> str:
        """The master secret: 32 random bytes in URL-safe letters, the same at every start."""
        if not self.secret_file.exists():
            self.keep_secret(secrets.token_urlsafe(SECRET_BYTES))
        return self.secret_file.read_text().strip()

    def keep_secret(self, secret: str) -> None:
        """Make this the master secret."""
        draft = self.secret_file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        write_private(draft, secret)
        draft.replace(self.secret_file)


@contextmanager
def open_directory(path: Path, least_space: int | None = None) -> Iterator[DataDirectory]:
    """A data directory, made if absent, held by this process until the end of the block.

    `least_space` overrides the free bytes asked for. Raises `Refused` before anything is written when the data are of
    a newer version, are not Esteio's, belong to someone else, are in use, or the disk is nearly full.
    """
    directory = DataDirectory(path)
    _check_contents(directory)
    _make(directory)
    _check_space(directory, least_space)
    with _locked(directory):
        if not directory.format.exists():
            directory.format.write_text(f"{FORMAT}\n")
        directory.logs.mkdir(mode=0o700, exist_ok=True)
        try:
            yield directory
        finally:
            _return_to_owner(directory)


def write_private(path: Path, text: str) -> None:
    """Writes a new file that only its owner may read, down to the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def _check_contents(directory: DataDirectory) -> None:
    path = directory.path
    if not path.exists():
        return
    _check_owner(path)
    if not directory.format.exists():
        if {entry.name for entry in path.iterdir()} - NOT_FOREIGN:
            raise Refused(
                f"{path} is not empty and holds no Esteio data: choose another --data-dir.",
                ExitCode.DATA,
            )
        return
    found = directory.format.read_text().strip()
    if found != str(FORMAT):
        raise Refused(
            f"The data in {path} have format {found[:20] or '(none)'}, this Esteio knows up to {FORMAT}: "
            "run the version that wrote them, or a newer one. Nothing was touched.",
            ExitCode.DATA,
        )


def _check_owner(path: Path) -> None:
    owner, me = path.stat().st_uid, os.geteuid()
    if me not in (0, owner):
        raise Refused(
            f"{path} belongs to user {owner}, you are {me}: run `esteio up` as its owner, "
            "or choose another --data-dir.",
            ExitCode.NO_PERMISSION,
        )


def _make(directory: DataDirectory) -> None:
    """Root's directory lets its engines' account pass; nobody else can list either kind."""
    path = directory.path
    if not path.exists():
        path.mkdir(parents=True)
        path.chmod(0o700)
    if os.geteuid() == 0 and not directory.format.exists():
        path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o011)


def _return_to_owner(directory: DataDirectory) -> None:
    """What root wrote into an ordinary user's directory becomes the user's, who may want to run it again."""
    owner = directory.path.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for entry in (*directory.path.iterdir(), *directory.logs.iterdir()):
        if entry.lstat().st_uid == 0:
            os.chown(entry, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _check_space(directory: DataDirectory, least: int | None) -> None:
    if least is None:
        least = LATER_START_SPACE if directory.postgres.exists() else FIRST_START_SPACE
    free = shutil.disk_usage(directory.path).free
    if free < least:
        raise Refused(
            f"The disk of {directory.path} has {free // MEBIBYTE} MiB free, Esteio needs {least // MEBIBYTE} MiB "
            "to start: free some space, or choose another --data-dir.",
            ExitCode.NO_SPACE,
        )


@contextmanager
def _locked(directory: DataDirectory) -> Iterator[None]:
    """The lock ends with the process, however it ends; the file stays, with the last holder's pid."""
    with os.fdopen(os.open(directory.lock, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"Another `esteio up` (pid {file.read().strip() or 'unknown'}) uses {directory.path}: "
                "stop it first, or choose another --data-dir and --port.",
                ExitCode.BUSY,
            ) from None
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
