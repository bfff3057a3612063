"""The directory in which the processes of one server leave their figures, and who of them is alive.

Whoever reads holds the directory's lock, so that nothing is read while it is moved. A process that has its name here
holds the lock of its own file as long as it lives, however it ends: the system lets go of it.
"""

import atexit
import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
ALIVE = "alive"
_PREFIX = "esteio-metrics-"
_FORGOTTEN = 3600.0
_FILE = re.compile(r"(?P<kind>[a-z_]+)_(?P<pid>\d+)(\.db|\.json|\.new)?")
_held: dict[Path, int] = {}
"""The descriptors of this process's own locks."""


def shared() -> Path | None:
    """The directory, where there is one."""
    named = os.environ.get(DIRECTORY)
    return Path(named) if named else None


def prepare_directory() -> str:
    """Choose the directory that the child processes of one server share, unless the operator has chosen one.

    It is for processes that are started afterwards: the library decides when it is imported where it counts. What
    earlier servers that were killed have left is removed.
    """
    if DIRECTORY not in os.environ:
        _remove_forgotten()
        made = tempfile.mkdtemp(prefix=_PREFIX)
        os.environ[DIRECTORY] = made
        atexit.register(_remove, Path(made), os.getpid())
    return os.environ[DIRECTORY]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only one who reads or moves files here."""
    with (folder / "lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sign_on(folder: Path, name: str) -> None:
    """Write down that this process lives, under a name, until it ends."""
    place = folder / f"{ALIVE}_{os.getpid()}"
    if place in _held:
        return
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, name.encode())
    _held[place] = descriptor


def members(folder: Path) -> dict[int, list[tuple[str, Path]]]:
    """The files of each process: what kind of file, and where."""
    found: dict[int, list[tuple[str, Path]]] = {}
    for place in sorted(folder.iterdir()):
        parts = _FILE.fullmatch(place.name)
        if parts is not None:
            found.setdefault(int(parts["pid"]), []).append((parts["kind"], place))
    return found


def lives(folder: Path, pid: int) -> bool:
    """Whether the process is there. One that never signed on is believed to be, while its number is taken."""
    if pid == os.getpid():
        return True
    try:
        with (folder / f"{ALIVE}_{pid}").open("rb") as file:
            return _is_locked(file.fileno())
    except FileNotFoundError:
        return _is_taken(pid)


def names(folder: Path) -> list[str]:
    """The names of the processes that have signed on and live."""
    found = []
    for pid, files in members(folder).items():
        place = dict(files).get(ALIVE)
        if place is not None and lives(folder, pid):
            with suppress(FileNotFoundError):
                found.append(place.read_text())
    return sorted(found)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _is_taken(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_forgotten() -> None:
    """Directories that no living process has, of this user's earlier servers."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            told = folder.stat()
            if told.st_uid != os.getuid() or time.time() - told.st_mtime < _FORGOTTEN:
                continue
            if not any(lives(folder, pid) for pid in members(folder)):
                shutil.rmtree(folder, ignore_errors=True)
