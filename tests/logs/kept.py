"""What the houses of this process and of its children wrote, searched when there is much of it or a test has ended.

Of this process every line is heard where it is written. A child's log is handed over by whoever started it.
"""

from pathlib import Path

from esteio.telemetry import output
from tests.logs.planted import planted
from tests.logs.search import Leak, leaks

MUCH = 8_000_000
"""Characters that are kept before they are searched."""

MOST = 64_000_000
"""Bytes of one file that are looked at: of a longer one both ends."""

_heard: list[str] = []
_found: list[Leak] = []
_size = 0
_write = output.write


def listen() -> None:
    """Hear every line that this process's houses write from now on."""
    output.write = _hear


def keep(text: str, *, objects: bool = True) -> None:
    """Search what a process wrote; without `objects` its lines are for people."""
    _found.extend(leaks(text, planted(), objects=objects))


def keep_said(text: str) -> None:
    """Search what a command wrote, which speaks to people: only what is an object is a log's line."""
    keep("\n".join(line for line in text.split("\n") if line.startswith("{")))


def keep_file(path: Path, *, objects: bool = True) -> None:
    """Search a log in a file; one that is gone wrote nothing."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST // 2)
            if (size := path.stat().st_size) > MOST:
                file.seek(size - MOST // 2)
                text = text.rpartition(b"\n")[0] + b"\n" + file.read(MOST // 2).partition(b"\n")[2]
            else:
                text += file.read(MOST)
    except OSError:
        return
    keep(text.decode(errors="replace"), objects=objects)


def found() -> list[Leak]:
    """What was found since the last call."""
    _search()
    told = _found[:]
    _found.clear()
    return told


def _hear(lines: str) -> None:
    global _size
    _write(lines)
    _heard.append(lines)
    _size += len(lines)
    if _size > MUCH:
        _search()


def _search() -> None:
    global _size
    heard = _heard[:]
    del _heard[: len(heard)]
    _size = 0
    for objects in (True, False):
        if ours := "".join(one for one in heard if one.startswith("{") is objects):
            keep(ours, objects=objects)
