"""Two versions of files as unified differences. Runs in the child process only."""

import difflib
from collections.abc import Iterable
from io import StringIO
from typing import Any

from esteio.services.capsules.inspection.order import Pair

MOST_LINES = 10_000
"""Of one file: comparing takes time that grows faster than the lines."""

CONTEXT = 3


def compared(pairs: Iterable[Pair], shown: int) -> list[dict[str, Any]]:
    """For each file its lines, as long as all together are no longer than `shown` characters."""
    found = []
    for pair in pairs:
        entry = {"path": pair.path, **_difference(pair, shown)}
        shown -= len(entry["diff"] or "")
        found.append(entry)
    return found


def _difference(pair: Pair, left: int) -> dict[str, Any]:
    before, after = _lines(pair.before), _lines(pair.after)
    if before is None or after is None:
        return {"diff": None, "added": None, "removed": None, "omitted": "binary"}
    if len(before) + len(after) > MOST_LINES or left <= 0:
        return {"diff": None, "added": None, "removed": None, "omitted": "too_large"}
    old = "/dev/null" if pair.before is None else f"a/{pair.path}"
    new = "/dev/null" if pair.after is None else f"b/{pair.path}"
    lines = list(difflib.unified_diff(before, after, old, new, n=CONTEXT))
    added = sum(line.startswith("+") for line in lines[2:])
    removed = sum(line.startswith("-") for line in lines[2:])
    text = "".join(map(_ended, lines))
    if len(text) > left:
        return {"diff": None, "added": added, "removed": removed, "omitted": "too_large"}
    return {"diff": text, "added": added, "removed": removed, "omitted": None}


def _lines(content: bytes | None) -> list[str] | None:
    """The lines with their ends, `None` for what is no text."""
    if content is None:
        return []
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else list(StringIO(text))


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
