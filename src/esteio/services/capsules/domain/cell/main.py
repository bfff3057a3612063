"""The process behind the wall: binds itself, reads its order, answers in lines."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from esteio.services.capsules.domain.cell import bounds, channel
from esteio.services.capsules.domain.cell.channel import Say

FOLDER = Path("/work")
_LONGEST_ORDER = 1_048_576


def main() -> None:
    """The order comes whole on standard input, before anything of a stranger is touched."""
    order = json.loads(sys.stdin.buffer.read(_LONGEST_ORDER))
    bounds.bind(order["seconds"], order["memory"], order["file_bytes"])
    say = channel.taken()
    if order["work"] == "probe":
        # Imported only where it is needed: each trial is a process.
        from esteio.services.capsules.domain.cell.walls import gaps

        say({"gaps": gaps()})
    else:
        _try(order, say)
    # Nothing that a stranger left behind runs at the end.
    os._exit(0)


def _try(order: dict[str, Any], say: Say) -> None:
    from esteio.services.capsules.domain.cell.reading import Refused, read

    package, name = order["package"], order["name"]
    sources = {"module": order["module"], "tests": order["tests"]}
    try:
        say({"tests": read(sources, f"{package}.{name}", order["allowed"])})
    except Refused as refused:
        say({"refused": refused.code, "words": refused.words})
        return
    _place(FOLDER, package, name, sources)
    from esteio.services.capsules.domain.cell.running import run

    # Only who was told the word can say how it went; it is in no name that the sources can reach by importing.
    say({"word": order["word"], **run(FOLDER, f"tests/test_{name}.py")})


def _place(folder: Path, package: str, name: str, sources: dict[str, str]) -> None:
    home = folder / "src" / package
    home.mkdir(parents=True)
    (folder / "tests").mkdir()
    (home / "__init__.py").write_text("")
    (home / f"{name}.py").write_text(sources["module"], encoding="utf-8")
    (folder / "tests" / f"test_{name}.py").write_text(sources["tests"], encoding="utf-8")
