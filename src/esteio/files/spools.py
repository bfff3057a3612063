"""Temporary files without a name: whatever becomes of the process, nothing of them stays."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from esteio.base.errors import EsteioError, Unavailable
from esteio.files.errors import store_error
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
        if piece:
            await _disk(self._append, piece)

    def rewind(self) -> None:
        """Whoever reads the descriptor next begins at the first byte."""
        self._file.seek(0)

    async def pieces(self) -> AsyncIterator[bytes]:
        """All bytes that are in the file, whoever wrote them."""
        at = 0
        while piece := await asyncio.to_thread(os.pread, self.fileno(), PIECE, at):
            yield piece
            at += len(piece)

    def _append(self, piece: bytes) -> None:
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(self.fileno(), rest) :]


@contextmanager
def spool(settings: FilesSettings) -> Iterator[Spool]:
    """An empty file in the temporary folder. Raises `StorageFull` and `Unavailable`."""
    folder = temporary_folder(settings)
    try:
        folder.mkdir(mode=_OWNER, parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder, buffering=0)
    except OSError as error:
        raise _refused(error) from error
    with file:
        yield Spool(file)


async def _disk(work: "Callable[[bytes], None]", piece: bytes) -> None:
    try:
        await asyncio.to_thread(work, piece)
    except OSError as error:
        raise _refused(error) from error
