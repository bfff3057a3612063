"""A process behind the wall: bubblewrap's namespaces, a filter of system calls, limits, and an end in time."""

import asyncio
import json
import os
import shutil
import signal
import sys
import sysconfig
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from esteio.services.capsules.domain import seccomp

MEMORY = 512 * 1_048_576
FILE_BYTES = 4 * 1_048_576
DISK = 32 * 1_048_576
LONGEST_ANSWER = 65_536
_GRACE = 5.0
"""Seconds for the end of what was killed, and for starting."""

_CELL = "esteio/services/capsules/domain/cell"
_START = (
    "import sys; sys.path[:0] = ['/house', '/packages']; "
    "from esteio.services.capsules.domain.cell.main import main; main()"
)
_PACKAGES = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments")
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")


class NoSandbox(Exception):
    """There is no wall here, or it has a gap. The words are for the operator."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the process ended. `lines`: what it said, decoded; none where that is too long or no JSON."""

    code: int
    lines: tuple[dict[str, Any], ...]
    timed_out: bool


async def confined(order: Mapping[str, Any], seconds: float) -> Ended:
    """Run the cell with this order. Nothing of it is left when this returns, or is cancelled. Raises `NoSandbox`."""
    bounds = {"seconds": max(1, round(seconds)), "memory": MEMORY, "file_bytes": FILE_BYTES}
    async with _process(_command()) as process:
        said, timed_out = b"", False
        try:
            async with asyncio.timeout(seconds + _GRACE / 2):
                said = await _told(process, json.dumps({**order, **bounds}).encode())
                await process.wait()
        except TimeoutError:
            timed_out = True
    code = process.returncode if process.returncode is not None else -1
    by_limit = code in (128 + signal.SIGXCPU, 128 + signal.SIGKILL)
    return Ended(code, _lines(said), timed_out or by_limit)


def _command() -> list[str]:
    """Raises `NoSandbox`."""
    wall = shutil.which("bwrap")
    if wall is None:
        raise NoSandbox("bubblewrap (bwrap) is not installed")
    if not seccomp.known():
        raise NoSandbox("there is no filter of system calls for this kind of machine")
    return [wall, *_walls(), *_shown(), *_interpreter()]


def _walls() -> Iterator[str]:
    yield from ("--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent", "--new-session")
    yield from ("--clearenv", "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534", "--hostname", "trial")


@lru_cache(maxsize=1)
def _shown() -> tuple[str, ...]:
    """All that there is behind the wall. Later lines lie over earlier ones. Raises `NoSandbox`."""
    words: list[str] = []
    for library in _LIBRARIES:
        words += ["--ro-bind-try", library, library]
    # Where the loader finds libraries that lie elsewhere.
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    interpreter = _python()
    standard = {sysconfig.get_path(name, vars=_base()) for name in ("stdlib", "platstdlib")}
    for place in sorted({str(Path(sys.base_prefix) / "lib"), *standard, str(interpreter)}):
        words += ["--ro-bind", place, place]
    # What is installed there is the house's.
    for place in sorted(_installed()):
        words += ["--tmpfs", place, "--remount-ro", place]
    for package in _PACKAGES:
        words += ["--ro-bind", *_package(package)]
    words += ["--ro-bind", str(Path(__file__).parent / "cell"), f"/house/{_CELL}"]
    for device in ("/dev/null", "/dev/urandom"):
        words += ["--dev-bind", device, device]
    words += ["--perms", "0700", "--size", str(DISK), "--tmpfs", "/work", "--chdir", "/work", "--remount-ro", "/"]
    return tuple(words)


def _interpreter() -> Iterator[str]:
    yield from ("--", str(_python()), "-I", "-S", "-B", "-X", "utf8", "-c", _START)


def _python() -> Path:
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _base() -> dict[str, str]:
    return {"base": sys.base_prefix, "platbase": sys.base_exec_prefix, "installed_base": sys.base_prefix}


def _installed() -> Iterator[str]:
    for lib in (Path(sys.base_prefix) / "lib", Path("/usr/lib"), Path("/usr/lib64")):
        for pattern in ("python3*/site-packages", "python3*/dist-packages"):
            yield from (str(place) for place in lib.glob(pattern) if place.is_dir())


def _package(name: str) -> tuple[str, str]:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise NoSandbox(f"{name} of esteio[capsules] is not installed")
    if spec.submodule_search_locations:
        return str(Path(spec.origin).parent), f"/packages/{name}"
    return spec.origin, f"/packages/{name}.py"


@asynccontextmanager
async def _process(command: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process and its own, which are gone when the block ends, however that is."""
    process = await _started(command)
    try:
        yield process
    finally:
        await asyncio.shield(_ended(process))


async def _started(command: list[str]) -> asyncio.subprocess.Process:
    reading, writing = os.pipe()
    try:
        os.write(writing, seccomp.program())
        os.close(writing)
        return await asyncio.create_subprocess_exec(
            command[0],
            "--seccomp",
            str(reading),
            *command[1:],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
            cwd="/",
            pass_fds=(reading,),
            start_new_session=True,
        )
    except OSError as error:
        raise NoSandbox(f"bubblewrap does not start: {error.strerror}") from error
    finally:
        os.close(reading)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Kill the group. Behind the wall all processes end with their first one, which ends with bubblewrap."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    assert process.stdout is not None
    # Whoever still lived there would hold the other end.
    with suppress(TimeoutError):
        async with asyncio.timeout(_GRACE):
            while await process.stdout.read(65_536):
                pass


async def _told(process: asyncio.subprocess.Process, order: bytes) -> bytes:
    """What it says until its end; nothing where it says too much."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(order)
        await process.stdin.drain()
        process.stdin.close()
    said = bytearray()
    while piece := await process.stdout.read(65_536):
        said += piece
        if len(said) > LONGEST_ANSWER:
            return b""
    return bytes(said)


def _lines(said: bytes) -> tuple[dict[str, Any], ...]:
    try:
        lines = [json.loads(line) for line in said.splitlines()]
    except (ValueError, RecursionError):
        return ()
    return tuple(lines) if all(isinstance(line, dict) for line in lines) else ()
