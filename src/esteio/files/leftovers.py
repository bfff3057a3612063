"""What a killed process leaves in a folder: uploads that never became an object."""

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

_UNFINISHED = re.compile(r".+#\d+")
"""How the driver names an upload until it is whole. No listing shows such a name."""


def unfinished(folder: Path, before: datetime) -> int:
    """Remove uploads that were last written to before that time; how many there were."""
    removed = 0
    for path in _files(folder):
        if _UNFINISHED.fullmatch(path.name) and path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            yield Path(place) / name
