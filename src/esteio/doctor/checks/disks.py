"""Room on the disks, and where files are kept."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from esteio.base.finding import Finding, error, warning
from esteio.doctor.patience import in_thread
from esteio.doctor.patient import Patient
from esteio.files.backends import folder_of
from esteio.files.spools import temporary_folder
from esteio.settings import Settings

_MOUNTS = Path("/proc/self/mountinfo")
_FORGETFUL = frozenset({"tmpfs", "ramfs"})
_LAYERED = frozenset({"overlay", "aufs"})
_GIB = 1_073_741_824
_LOGS = Path("/var/log")


async def room(patient: Patient) -> AsyncIterator[Finding]:
    settings = patient.settings
    for place, folder, variable in _places(settings):
        free, inodes = await in_thread(lambda at=folder: _free(at))  # type: ignore[misc]
        if free < settings.files.free_refuse_bytes:
            yield error(
                f"{free / _GIB:.1f} GiB are free for {place}.",
                why="Uploads are refused, and what is written there fails soon.",
                fix="Remove what is not needed, or give it a larger disk.",
                variable=variable,
            )
        elif free < settings.files.free_warn_bytes or inodes < 1:
            yield warning(
                f"{'No file can be made' if inodes < 1 else f'Only {free / _GIB:.1f} GiB are free'} for {place}.",
                why="A disk that is full refuses uploads, spooled mails and logs.",
                fix="Remove what is not needed, or give it a larger disk.",
                variable=variable,
            )


def _places(settings: Settings) -> Iterator[tuple[str, Path, str]]:
    folder = folder_of(settings.files)
    if folder is not None:
        yield f"files ({folder})", folder, "ESTEIO_FILES__URL"
    yield (
        f"temporary files ({temporary_folder(settings.files)})",
        temporary_folder(settings.files),
        "ESTEIO_FILES__TEMP_DIR",
    )
    if _LOGS.is_dir():
        yield f"logs ({_LOGS})", _LOGS, ""


def _free(folder: Path) -> tuple[int, int]:
    """Bytes and files that may still be written by others than root. Not all file systems count files: then 1."""
    told = os.statvfs(_there(folder))
    return told.f_bavail * told.f_frsize, told.f_favail if told.f_files else 1


def _there(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


async def folder(patient: Patient) -> AsyncIterator[Finding]:
    """Where files are kept in a folder: whether it can be written to, and outlives a start of the machine."""
    place = folder_of(patient.settings.files)
    if place is None:
        return
    refusal = await in_thread(lambda: _refusal(place))
    if refusal:
        yield error(
            f"Files cannot be written to {place}: {refusal}.",
            why="Exports, imports, photos and books fail.",
            fix="Make the folder, owned by the user that runs Esteio (systemd: StateDirectory=esteio).",
            variable="ESTEIO_FILES__URL",
        )
    kind = await in_thread(lambda: file_system(_there(place)))
    if kind in _FORGETFUL:
        yield error(
            f"The folder of files, {place}, is in memory ({kind}).",
            why="All files are gone when the machine starts again.",
            fix="Name a folder on a disk that is kept, or a bucket.",
            variable="ESTEIO_FILES__URL",
        )
    elif kind in _LAYERED:
        yield warning(
            f"The folder of files, {place}, is in the container's own layer ({kind}).",
            why="All files are gone with the container.",
            fix="Mount a volume there, or name a bucket.",
            variable="ESTEIO_FILES__URL",
        )


def _refusal(place: Path) -> str:
    """Why no file can be made there, empty where one can. A folder that is missing is asked for where it would be."""
    at = _there(place)
    try:
        with tempfile.NamedTemporaryFile(dir=at, prefix=".esteio-doctor-") as probe:
            probe.write(b"1")
    except OSError as failure:
        return f"{failure.strerror}" if at == place else f"{at}: {failure.strerror}"
    return ""


def file_system(path: Path) -> str:
    """The kind of the file system that holds the path, as the kernel calls it; empty where it does not say."""
    if not _MOUNTS.exists():
        return ""
    best, kind = "", ""
    for line in _MOUNTS.read_text().splitlines():
        before, _, after = line.partition(" - ")
        mounted = before.split()[4]
        inside = path.resolve() == Path(mounted) or Path(mounted) in path.resolve().parents
        if inside and len(mounted) >= len(best):
            best, kind = mounted, after.split()[0]
    return kind
