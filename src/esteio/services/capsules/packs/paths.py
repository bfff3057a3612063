"""Paths that every system can keep, and that lead nowhere else."""

import re
from collections.abc import Iterable

LONGEST = 255
_SEGMENT = re.compile(r"[A-Za-z0-9_.@+-][A-Za-z0-9_.@+ -]*")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


class UnsafePath(Exception):
    """A path that leads out of the project, or that some system cannot keep."""


def demand_safe(path: str) -> None:
    """Raises `UnsafePath` unless the path is relative, plain and free of `.`, `..` and names of devices."""
    segments = path.split("/")
    if len(path) > LONGEST or not all(map(_is_plain, segments)):
        raise UnsafePath(f"{path!r} is no path of a project")


def demand_apart(paths: Iterable[str]) -> None:
    """Raises `UnsafePath` where two paths are one on systems that know no case, or one lies in another."""
    found: dict[str, str] = {}
    for path in paths:
        if path.casefold() in found:
            raise UnsafePath(f"{path!r} is there twice")
        found[path.casefold()] = path
    for folded, path in found.items():
        parents = folded.split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            if "/".join(parents[:depth]) in found:
                raise UnsafePath(f"{path!r} lies in a file")


def _is_plain(segment: str) -> bool:
    return bool(_SEGMENT.fullmatch(segment)) and not segment.endswith((".", " ")) and not _DEVICES.fullmatch(segment)
