"""The child process that sets a book: `python -m … FOLDER NAME SECONDS`.

It bounds itself before it loads anything, reads `data.json` of the folder and writes the PDF under its name when it is
whole. What went wrong is said on standard error.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from esteio.confined.bounds import bind

_MEMORY = 3 * 1024**3
"""Bytes of address space: the compiler's library, its threads' stacks and the fonts are mapped, not used."""
_FILE = 256 * 1024**2
_GRACE = 5
"""Seconds that the parent has to end this process before it ends itself, for a parent that died."""


def bound(seconds: float) -> None:
    """Sets the limits of this process: memory, processor time, size of files, and its life."""
    bind(memory=_MEMORY, cpu=4 * seconds + _GRACE, life=seconds + _GRACE, written=_FILE)


def main(folder: Path, name: str, seconds: float) -> None:
    """Makes the book of this folder."""
    bound(seconds)
    # Only now, under the limits; the parent never loads what this loads.
    from esteio.services.petstory.book.code import draw_code
    from esteio.services.petstory.book.typesetting import typeset

    data: dict[str, Any] = json.loads((folder / "data.json").read_bytes())
    draw_code(data["address"], folder / "code.svg")
    pdf = typeset(data, folder, datetime.fromisoformat(data["made_at"]))
    half = folder / f"{name}.half"
    half.write_bytes(pdf)
    half.replace(folder / name)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}: {error}"[:2_000])
        sys.exit(1)
