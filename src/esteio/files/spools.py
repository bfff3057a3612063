"""Temporary files without a name: whatever becomes of the process, nothing of them stays."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from esteio.base.errors import EsteioError, Unavailable
from esteio.files.errors import StorageFull, store_error
from esteio.files.settings import FilesSettings
from esteio.files.store import PIECE

_OWNER = 0o700


def temporary_folder(settings: FilesSettings) -> Path:
    """Where temporary files go."""
    return Path(settings.temp_dir or tempfile.gettempdir())


class Spool:
    """Bytes on disk that only this process can reach, and those to whom it gives the descriptor."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._pending = bytearray()
        self.size = 0

    def fileno(self) -> int:
        return self._file.fileno()

    async def write(self, data: bytes) -> None:
        """Append. Raises `StorageFull`."""
        self._pending += data
        self.size += len(data)
        if len(self._pending) >= PIECE:
            await self.flush()

    async def flush(self) -> None:
        """What was written is in the file. Raises `StorageFull`."""
        piece, self._pending = bytes(self._pending), bytearray()
        if not piece:
            return
        try:
            await asyncio.to_thread(_append, self._hand(), piece)
        except OSError as error:
            raise _refusal(error) from error

    def rewind(self) -> None:
        """Whoever reads the descriptor next begins at the first byte."""
        self._file.seek(0)

    async def pieces(self) -> AsyncIterator[bytes]:
        """All bytes that are in the file, whoever wrote them."""
        at = 0
        while piece := await asyncio.to_thread(_read, self._hand(), at):
            yield piece
            at += len(piece)

    def _hand(self) -> FileIO:
        """A descriptor for one thread alone: this file may be closed, and its number taken, while a thread is at it."""
        return FileIO(os.dup(self.fileno()), "r+")


@contextmanager
def spool(settings: FilesSettings) -> Iterator[Spool]:
    """An empty file in the temporary folder. Raises `StorageFull`, or `Unavailable` where none can be made."""
    folder = temporary_folder(settings)
    try:
        folder.mkdir(mode=_OWNER, parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - what fails in the block is not this
    except OSError as error:
        raise _refusal(error) from error
    with file:
        yield Spool(file)


def _append(hand: FileIO, piece: bytes) -> None:
    with hand:
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(hand.fileno(), rest) :]


def _read(hand: FileIO, at: int) -> bytes:
    with hand:
        return os.pread(hand.fileno(), PIECE, at)


def _refusal(error: OSError) -> EsteioError:
    words = f"temporary files: [os error {error.errno}] {error.strerror}"
    full = isinstance(store_error(OSError(words)), StorageFull)
    return StorageFull(operator=words) if full else Unavailable(operator=words)
