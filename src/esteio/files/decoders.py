"""Decoding processes: one for each picture, so many at once, ended when they take too long."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from esteio.base.errors import Unavailable
from esteio.confined.children import NoProcess, child
from esteio.files.errors import StorageFull
from esteio.files.images.order import LONGEST_ANSWER, Order, Verdict
from esteio.files.settings import FilesSettings
from esteio.files.spools import Spool
from esteio.telemetry.logs import log

_BASE_MEMORY = 512 * 1_048_576
_PIXEL_MEMORY = 20
"""Bytes of address space: of a process that has loaded its decoders, and for each pixel on its way."""

_RETRY_AFTER = 10
_OURS = ("absent", "full")
_SLOW = (-signal.SIGXCPU, -signal.SIGALRM)
_CRASHED = (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE)


class Decoders:
    """The places for decoding of one process."""

    def __init__(self, settings: FilesSettings) -> None:
        self._settings = settings
        self._places = asyncio.Semaphore(settings.pictures_at_once)

    async def remake(self, picture: Spool, into: Spool, *, pixels: int, edge: int) -> Verdict:
        """Have the picture decoded and written anew. Raises `Unavailable` when it is not the picture's fault."""
        picture.rewind()
        memory = _BASE_MEMORY + _PIXEL_MEMORY * pixels
        order = Order(pixels, edge, self._settings.picture_seconds, memory, into.fileno())
        async with self._place(), _process(picture, into, order) as process:
            try:
                async with asyncio.timeout(order.seconds):
                    line, code = await _heard(process), await process.wait()
            except TimeoutError:
                return Verdict(why="slow")
        return _verdict(line, code)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._settings.picture_wait):
                await self._places.acquire()
        except TimeoutError as error:
            raise Unavailable("There are too many pictures at the moment.", retry_after=_RETRY_AFTER) from error
        try:
            yield
        finally:
            self._places.release()


@asynccontextmanager
async def _process(picture: Spool, into: Spool, order: Order) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that is gone when the block ends, however that is."""
    passed = {"stdin": picture.fileno(), "pass_fds": (into.fileno(),), "longest": LONGEST_ANSWER}
    try:
        async with child("esteio.files.images", order.written(), **passed) as process:  # type: ignore[arg-type]
            yield process
    except NoProcess as error:
        raise Unavailable(operator=f"no process for decoding: {error}") from error


async def _heard(process: asyncio.subprocess.Process) -> bytes:
    """The line that the process says; nothing when it says too much."""
    assert process.stdout is not None
    try:
        return await process.stdout.readline()
    except ValueError:
        return b""


def _verdict(line: bytes, code: int) -> Verdict:
    """What became of it. A crash is the picture's doing; an end that somebody else caused is not."""
    try:
        verdict = Verdict.read(line) if code == 0 else None
    except ValueError:
        verdict = None
    if verdict is not None and verdict.why not in _OURS:
        return verdict
    if code in _SLOW:
        return Verdict(why="slow")
    if verdict is not None and verdict.why == "full":
        raise StorageFull(operator="temporary files: the decoder found no room for the picture")
    log("esteio.files").warning("decoding ended without a picture", code=code)
    if code in _CRASHED:
        return Verdict(why="damaged")
    raise Unavailable("Pictures cannot be read at the moment.", operator=f"the decoder ended with {code}: {line!r}")
