"""Inspecting processes: one for each request, so many at once, ended when they take too long."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from esteio.base.errors import TimedOut, Unavailable
from esteio.confined.children import NoProcess, child
from esteio.services.capsules.inspection.order import LONGEST_ANSWER, Bounds, Pair
from esteio.telemetry.logs import log

AT_ONCE = 2
WAIT = 5.0
SECONDS = 8.0
MEMORY = 1024 * 1_048_576
SHOWN = 2 * 1_048_576
"""Characters of differences in one answer."""


class Inspectors:
    """The places for inspecting of one process."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def open(self) -> None:
        """Nothing is kept open: a process lives as long as its request."""

    async def close(self) -> None:
        """Nothing is left."""

    async def check(self, files: AsyncIterator[Pair]) -> dict[str, Any]:
        """What `checking.checked` finds. Raises `TimedOut` and `Unavailable`."""
        found: dict[str, Any] = await self._asked("check", files)
        return found

    async def compare(self, files: AsyncIterator[Pair]) -> list[dict[str, Any]]:
        """What `comparing.compared` finds, of files that differ. Raises as `check` does."""
        found: list[dict[str, Any]] = await self._asked("compare", files)
        return found

    async def _asked(self, work: Any, files: AsyncIterator[Pair]) -> Any:
        bounds = Bounds(work, SECONDS, MEMORY, SHOWN)
        async with self._place(), _process(bounds) as process:
            try:
                async with asyncio.timeout(SECONDS):
                    text = await _told(process, files)
            except TimeoutError as error:
                raise TimedOut("The files take too long to be looked at.") from error
            if await process.wait() != 0 or not text:
                log("esteio.capsules").warning("inspection ended without an answer", code=process.returncode)
                raise TimedOut("The files are too much to be looked at.")
        return json.loads(text)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(WAIT):
                await self._places.acquire()
        except TimeoutError as error:
            raise Unavailable("Too many capsules are looked at just now.", retry_after=2) from error
        try:
            yield
        finally:
            self._places.release()


@asynccontextmanager
async def _process(bounds: Bounds) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that is gone when the block ends, however that is."""
    module = "esteio.services.capsules.inspection"
    try:
        async with child(module, bounds.written(), stdin=asyncio.subprocess.PIPE) as process:
            yield process
    except NoProcess as error:
        raise Unavailable(operator=f"no process for inspecting: {error}") from error


async def _told(process: asyncio.subprocess.Process, files: AsyncIterator[Pair]) -> bytes:
    """Give it the files as it takes them; what it says at the end. One that ended early says nothing."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        async for pair in files:
            process.stdin.write(pair.written())
            await process.stdin.drain()
        process.stdin.close()
    said = bytearray()
    while piece := await process.stdout.read(65_536):
        said += piece
        if len(said) > LONGEST_ANSWER:
            return b""
    return bytes(said)
