"""PostgreSQL's own programs: which of those on this machine fit the server."""

import asyncio
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from esteio.backups.errors import BackupRefused
from esteio.embedded.binaries import postgres_folders

_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Program:
    """One program and the major version of PostgreSQL that it is of."""

    path: Path
    major: int


async def dumping(folder: str, server: int) -> Program:
    """The `pg_dump` for a server of this major version: the oldest that is not older. Raises `BackupRefused`."""
    found = await _found("pg_dump", folder)
    fit = [one for one in found if one.major >= server]
    if fit:
        return min(fit, key=lambda one: one.major)
    raise _refusal("pg_dump", found, f"of PostgreSQL {server} or newer, since the server is of {server}")


async def restoring(folder: str, archive: int, server: int) -> Program:
    """The `pg_restore` for an archive of that `pg_dump` and this server. Raises `BackupRefused`.

    One that is newer than the server gives it settings that it does not know.
    """
    found = await _found("pg_restore", folder)
    fit = [one for one in found if archive <= one.major <= max(archive, server)]
    if fit:
        return min(fit, key=lambda one: one.major)
    raise _refusal("pg_restore", found, f"of PostgreSQL {archive} to {max(archive, server)}")


def _refusal(name: str, found: list[Program], wanted: str) -> BackupRefused:
    have = ", ".join(f"{one.path} of {one.major}" for one in found) or "none was found"
    return BackupRefused(
        f"A {name} {wanted} is needed; there is: {have}. Install PostgreSQL's client package of that version "
        "(Debian: postgresql-client-N), or name its folder in ESTEIO_BACKUP__PROGRAMS."
    )


async def _found(name: str, folder: str) -> list[Program]:
    """All that run here, each major version once, the first place counting."""
    found: dict[int, Program] = {}
    for place in _distinct([Path(folder)] if folder else _places(name)):
        major = await _major(place / name)
        if major is not None and major not in found:
            found[major] = Program(place / name, major)
    return sorted(found.values(), key=lambda one: one.major)


def _places(name: str) -> Iterator[Path]:
    if program := shutil.which(name):
        yield Path(program).parent
    yield from postgres_folders()


def _distinct(places: Iterable[Path]) -> list[Path]:
    return list(dict.fromkeys(places))


async def _major(program: Path) -> int | None:
    try:
        process = await asyncio.create_subprocess_exec(
            program, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(_WITHIN):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    number = re.search(rb"\(PostgreSQL\) (\d+)", said)
    return int(number.group(1)) if number and process.returncode == 0 else None
