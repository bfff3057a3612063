"""The parent's side: a process of one of our modules, gone when its block ends."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_PACKAGES = Path(__file__).parents[2]
_PASSED_ON = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHOME", "VIRTUAL_ENV", "PATH", "TMPDIR")
_LINE = 65_536


class NoProcess(Exception):
    """The system gives no further process; it says why."""


@asynccontextmanager
async def child(
    module: str,
    *arguments: str,
    stdin: int = asyncio.subprocess.DEVNULL,
    stdout: int = asyncio.subprocess.PIPE,
    stderr: int = asyncio.subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
    folder: str | Path = "/",
    longest: int = _LINE,
    more: Mapping[str, str] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m module arguments`, killed and awaited when the block ends, however that is. Raises `NoProcess`.

    longest: bytes of a line that is read from it. more: variables beside the few that it is given.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", module, *arguments),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            env={**environment(), **(more or {})},
            cwd=folder,
            limit=longest,
        )
    except OSError as error:
        raise NoProcess(str(error)) from error
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())


def environment() -> dict[str, str]:
    """None of the house's secrets. One heap for all threads, since each further one reserves what it never uses."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, "PYTHONPATH": str(_PACKAGES), "MALLOC_ARENA_MAX": "1"}
