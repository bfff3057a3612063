"""Archives as streams: tar.gz and zip, of plain files with fixed times, owners and modes."""

import asyncio
import io
import tarfile
import zipfile
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal

Format = Literal["zip", "tar.gz"]
MEDIA: dict[Format, str] = {"zip": "application/zip", "tar.gz": "application/gzip"}

LEVEL = 6
"""What `tar -czf` and zip compress with."""

PIECE = 262_144
"""Bytes that are gathered before they are compressed, and before they are sent."""

_GZIP = 31
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_FIRST_SECOND = 315_532_800
_UNIX = 3
_PLAIN, _EXECUTABLE = 0o100644, 0o100755


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive. Its path is relative and safe: whoever asks has seen to that."""

    path: str
    content: bytes
    executable: bool


def archive(form: Format, members: AsyncIterator[Member]) -> AsyncGenerator[bytes, None]:
    """The archive's bytes as the members come. The computing is done in threads, a piece at a time."""
    return _written(_Tar() if form == "tar.gz" else _Zip(), members)


class _Tar:
    """A gzip without name and time around a tar in the pax format."""

    def __init__(self) -> None:
        self._gzip = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
        self._size = 0

    def add(self, member: Member) -> bytes:
        info = tarfile.TarInfo(member.path)
        info.size, info.mtime = len(member.content), _FIRST_SECOND
        info.mode = (_EXECUTABLE if member.executable else _PLAIN) & 0o777
        padding = -len(member.content) % tarfile.BLOCKSIZE
        return self._put(info.tobuf(tarfile.PAX_FORMAT) + member.content + bytes(padding))

    def end(self) -> bytes:
        blocks = 2 * tarfile.BLOCKSIZE
        padding = -(self._size + blocks) % tarfile.RECORDSIZE
        return self._put(bytes(blocks + padding)) + self._gzip.flush()

    def _put(self, data: bytes) -> bytes:
        self._size += len(data)
        return self._gzip.compress(data)


class _Zip:
    """What cannot be sought in has each member's sizes behind it; the directory at the end has them all."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)

    def add(self, member: Member) -> bytes:
        info = zipfile.ZipInfo(member.path, _FIRST_DAY)
        info.create_system, info.compress_type = _UNIX, zipfile.ZIP_DEFLATED
        info.external_attr = (_EXECUTABLE if member.executable else _PLAIN) << 16
        self._zip.writestr(info, member.content)
        return self._sink.taken()

    def end(self) -> bytes:
        self._zip.close()
        return self._sink.taken()


class _Sink(io.RawIOBase):
    """Holds what was written until it is taken."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._pending += data
        return len(data)

    def taken(self) -> bytes:
        taken, self._pending = bytes(self._pending), bytearray()
        return taken


async def _written(writer: _Tar | _Zip, members: AsyncIterator[Member]) -> AsyncGenerator[bytes, None]:
    pending = bytearray()
    async for batch in _batches(members):
        pending += await asyncio.to_thread(_added, writer.add, batch)
        if len(pending) >= PIECE:
            yield bytes(pending)
            pending.clear()
    pending += await asyncio.to_thread(writer.end)
    yield bytes(pending)


async def _batches(members: AsyncIterator[Member]) -> AsyncIterator[list[Member]]:
    """Small files together, so that going to a thread costs little beside what is done there."""
    batch: list[Member] = []
    size = 0
    async for member in members:
        batch.append(member)
        size += len(member.content)
        if size >= PIECE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _added(add: Callable[[Member], bytes], batch: list[Member]) -> bytes:
    return b"".join(map(add, batch))
