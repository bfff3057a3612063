"""Objects: written as a stream, whole or not at all; read as a stream from any byte on."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from esteio.base.errors import EsteioError, NotFound, Unavailable
from esteio.files.backends import folder_of, open_backend
from esteio.files.errors import store_error
from esteio.files.leftovers import unfinished
from esteio.files.settings import FilesSettings

if TYPE_CHECKING:
    from obstore import AsyncWritableFile

PART = 8 * 1_048_576
"""Bytes of one part of an upload; S3 and Google take 10 000 of them, so that a file may have 80 GB."""

PARTS_AT_ONCE = 2
PIECE = 262_144
"""Bytes that go to the driver, or come from it, at a time: enough to make the crossing cheap, too few to stall."""

ABORT_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Object:
    """An object as the store lists it."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """An object that is there."""

    key: str
    size: int
    sha256: str


class Upload:
    """An object that is being written. Nobody sees it before the block of `Store.writing` has ended well."""

    def __init__(self, key: str, writer: "AsyncWritableFile", within: float) -> None:
        self.key = key
        self.size = 0
        self._writer = writer
        self._within = within
        self._digest = hashlib.sha256()
        self._pending = bytearray()

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take some bytes; returns when there is room for more. Raises as `Store.writing` does."""
        self._pending += data
        if len(self._pending) >= PIECE:
            await self.flush()

    async def flush(self) -> None:
        """Hand what is pending to the store's driver."""
        piece, self._pending = bytes(self._pending), bytearray()
        if not piece:
            return
        self._digest.update(piece)
        self.size += len(piece)
        try:
            async with asyncio.timeout(self._within):
                await self._writer.write(piece)
        except Exception as error:
            raise store_error(error) from error

    def written(self) -> Written:
        """What has been written, once the block has ended."""
        return Written(self.key, self.size, self._digest.hexdigest())


class Store:
    """The object store of the settings, opened at its first use. Every wait is bounded.

    Raises `NotFound` for an object that is not there, `StorageFull` when the disk or the quota is, and `Unavailable`
    when the store is down, silent or refuses the credentials.
    """

    def __init__(self, settings: FilesSettings) -> None:
        self._settings = settings
        self._folder = folder_of(settings)
        self._within = settings.request_timeout + settings.retry_seconds
        self._backend: Any = None

    def _opened(self) -> Any:
        if self._backend is None:
            self._backend = open_backend(self._settings)
        return self._backend

    @asynccontextmanager
    async def writing(self, key: str) -> AsyncIterator[Upload]:
        """Write an object part by part, in constant memory. It is there when the block has ended well, not before.

        An error in the block, or its cancellation, leaves nothing behind.
        """
        # Loaded here for the reason that `backends` gives.
        from obstore import open_writer_async

        try:
            writer = open_writer_async(self._opened(), key, buffer_size=PART, max_concurrency=PARTS_AT_ONCE)
            await writer.__aenter__()
        except Exception as error:
            raise store_error(error) from error
        upload = Upload(key, writer, self._within)
        try:
            yield upload
            await upload.flush()
        except BaseException as error:
            await _undo(writer, error)
            raise
        finishing = asyncio.ensure_future(self._ask(self._finish(writer, key)))
        try:
            await asyncio.shield(finishing)
        except asyncio.CancelledError:
            # An end that has begun cannot be called off half-way without leaving parts behind: it is made undone.
            with suppress(Exception):
                await finishing
                await self.delete(key)
            raise

    async def _finish(self, writer: "AsyncWritableFile", key: str) -> None:
        await writer.__aexit__(None, None, None)
        if self._folder is not None:
            # What is told to be there outlives a power cut: servers see to it themselves, a folder has to be asked.
            await asyncio.to_thread(_sync, self._folder / key)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` to before `end`, as they come."""
        from obstore import get_async

        span: Any = {"offset": start} if end is None else (start, end)
        options: Any = {"range": span} if start or end is not None else None
        found = await self._ask(get_async(self._reached(), key, options=options))
        pieces = found.stream(min_chunk_size=PIECE).__aiter__()
        while True:
            try:
                piece = await self._ask(pieces.__anext__())
            except StopAsyncIteration:
                return
            yield bytes(piece)

    @asynccontextmanager
    async def kept_if_well(self, written: Written) -> AsyncIterator[None]:
        """The object goes again when the block, in which its row is written, comes to nothing.

        Where nobody knows whether it did (the database went away, the request was cancelled) it stays: without a row it
        is removed as an orphan.
        """
        try:
            yield
        except Unavailable:
            raise
        except Exception:
            with suppress(EsteioError):
                await self.delete(written.key)
            raise

    async def whole(self, key: str) -> bytes:
        """All bytes of an object that is known to be small enough to be held."""
        return b"".join([piece async for piece in self.read(key)])

    async def delete(self, key: str) -> None:
        """The object is not there any more, whether or not it was."""
        from obstore import delete_async

        backend = self._reached()
        with suppress(NotFound):
            await self._ask(delete_async(backend, key))

    async def listed(self) -> AsyncIterator[list[Object]]:
        """All objects, some at a time, in no order."""
        import obstore

        portions = obstore.list(self._reached(), chunk_size=500).__aiter__()
        while True:
            try:
                portion = await self._ask(portions.__anext__())
            except StopAsyncIteration:
                return
            yield [Object(item["path"], item["size"], item["last_modified"]) for item in portion]

    async def drop_unfinished(self, before: datetime) -> int:
        """Remove what uploads left behind whose process was killed before that time; how many there were.

        In a bucket the store's own rule for incomplete uploads does it: `AbortIncompleteMultipartUpload`. Azure forgets
        blocks that were never committed after a week.
        """
        if self._folder is None:
            return 0
        return await asyncio.to_thread(unfinished, self._folder, before)

    def _reached(self) -> Any:
        try:
            return self._opened()
        except Exception as error:
            raise store_error(error) from error

    async def _ask(self, asked: Any) -> Any:
        try:
            async with asyncio.timeout(self._within):
                return await asked
        except StopAsyncIteration:
            raise
        except Exception as error:
            raise store_error(error) from error


async def _undo(writer: "AsyncWritableFile", error: BaseException) -> None:
    """Let the writer take back what it did. Also a cancelled run waits for this, for a moment."""
    undoing = asyncio.ensure_future(writer.__aexit__(type(error), error, error.__traceback__))
    with suppress(Exception):
        async with asyncio.timeout(ABORT_WITHIN):
            await asyncio.shield(undoing)


def _sync(path: Path) -> None:
    for place, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(place, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
