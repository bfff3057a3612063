"""What processes that have ended leave behind: their counts stay, in one file for each kind, and nothing else does."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

from esteio.telemetry.metrics.directory import lives, locked, members, shared

_GONE_WITH_THEM = ("alive", "exemplars", "gauge_live", "gauge_all")
"""Kinds of files that say something of a living process only."""

_JOURNAL = "folding"
Values = dict[str, tuple[float, float]]
"""Values and their times by the library's keys."""


def forget_process(pid: int) -> None:
    """Drop the gauges of a process that ended and fold its counters into those of all that have ended."""
    folder = shared()
    if folder is not None:
        with suppress(FileNotFoundError), locked(folder):
            bury(folder, members(folder).get(pid, ()))


def sweep(folder: Path) -> None:
    """The same for every process that is not there any more. The caller holds the directory's lock."""
    _finish(folder)
    for pid, files in members(folder).items():
        if not lives(folder, pid):
            bury(folder, files)


def bury(folder: Path, files: Iterable[tuple[str, Path]]) -> None:
    """Fold the files of one process that has ended, or remove them. The caller holds the directory's lock."""
    for kind, place in files:
        if kind.startswith(_GONE_WITH_THEM):
            place.unlink(missing_ok=True)
        else:
            _fold(folder, kind, place)


def living_files(folder: Path) -> list[str]:
    """The files with figures, in the order of their names; those that are just being made are left out."""
    return [str(place) for place in sorted(folder.glob("*.db")) if place.stat().st_size]


def _fold(folder: Path, kind: str, place: Path) -> None:
    """Add a file to what ended processes left.

    A process that is killed meanwhile has counted nothing twice: the journal tells whether the new file had taken the
    old one's place, in which case only the removal is left to do.
    """
    target, made = folder / f"{kind}_ended.db", folder / f"{kind}_ended.new"
    made.unlink(missing_ok=True)
    _write(made, _joined(kind, _read(target), _read(place)))
    (folder / _JOURNAL).write_text(f"{made.stat().st_ino} {target.name} {place.name}")
    made.replace(target)
    place.unlink()
    (folder / _JOURNAL).unlink()


def _finish(folder: Path) -> None:
    try:
        inode, target, place = (folder / _JOURNAL).read_text().split()
    except FileNotFoundError:
        return
    except ValueError:  # cut short: then nothing had been replaced
        inode, target, place = "", "", ""
    with suppress(FileNotFoundError):
        if target and str((folder / target).stat().st_ino) == inode:
            (folder / place).unlink()
    (folder / _JOURNAL).unlink()


def _read(place: Path) -> Values:
    if not place.exists() or not place.stat().st_size:
        return {}
    read = MmapedDict.read_all_values_from_file(str(place))  # type: ignore[no-untyped-call]
    return {key: (value, at) for key, value, at, _ in read}


def _joined(kind: str, first: Values, second: Values) -> Values:
    joined = dict(first)
    for key, (value, at) in second.items():
        known = joined.get(key)
        joined[key] = (value, at) if known is None else _one(kind, known, (value, at))
    return joined


def _one(kind: str, first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    if kind == "gauge_max":
        return max(first, second)
    if kind == "gauge_min":
        return min(first, second)
    if kind == "gauge_mostrecent":
        return max(first, second, key=lambda known: known[1])
    return first[0] + second[0], 0.0


def _write(place: Path, values: Values) -> None:
    file = MmapedDict(str(place))  # type: ignore[no-untyped-call]
    try:
        for key, (value, at) in values.items():
            file.write_value(key, value, at)  # type: ignore[no-untyped-call]
    finally:
        file.close()  # type: ignore[no-untyped-call]
