"""Streams of a backup in the store: cut into parts of bounded size, each with its size and SHA-256."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from esteio.backups.errors import BackupDamaged
from esteio.backups.manifest import Part, Stream
from esteio.backups.sealing import Passing, plain
from esteio.base.errors import NotFound
from esteio.files.store import Store

PART = 1_073_741_824
"""Bytes of a part before encryption: what a store takes as one object, with room to spare."""


class Feed:
    """A source that is taken some bytes at a time, counted and digested as it goes."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._rest = memoryview(b"")
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    async def more(self) -> bool:
        """Whether there is anything left."""
        while not self._rest:
            try:
                self._rest = memoryview(await self._source.__anext__())
            except StopAsyncIteration:
                return False
        return True

    async def take(self, most: int) -> AsyncGenerator[bytes, None]:
        """The next bytes, so many at most."""
        left = most
        while left and await self.more():
            piece, self._rest = bytes(self._rest[:left]), self._rest[left:]
            left -= len(piece)
            self.size += len(piece)
            self._digest.update(piece)
            yield piece

    async def exactly(self, count: int) -> bytes:
        """Just so many bytes. Raises `BackupDamaged` when there are fewer."""
        found = b"".join([piece async for piece in self.take(count)])
        if len(found) != count:
            raise BackupDamaged("A stream of the backup ends too early.")
        return found


async def store_stream(
    store: Store, folder: str, name: str, source: AsyncIterator[bytes], through: Passing, most: int = PART
) -> Stream:
    """Write the stream's parts (`name.0001` and so on) into the folder."""
    feed, parts = Feed(source), list[Part]()
    while not parts or await feed.more():
        part = f"{name}.{len(parts) + 1:04}"
        async with store.writing(f"{folder}/{part}") as upload, aclosing(through(feed.take(most))) as pieces:
            async for piece in pieces:
                await upload.write(piece)
        written = upload.written()
        parts.append(Part(name=part, size=written.size, sha256=written.sha256))
    return Stream(parts=tuple(parts), size=feed.size, sha256=feed.sha256)


async def stored_stream(
    store: Store, folder: str, stream: Stream, through: Passing = plain
) -> AsyncGenerator[bytes, None]:
    """The stream's bytes. Raises `BackupDamaged`, at its end at the latest, when others were written."""
    digest, size = hashlib.sha256(), 0
    for part in stream.parts:
        async with aclosing(through(checked(store, folder, part))) as pieces:
            async for piece in pieces:
                digest.update(piece)
                size += len(piece)
                yield piece
    if size != stream.size or digest.hexdigest() != stream.sha256:
        raise BackupDamaged(f"What {stream.parts[0].name} and its like hold is not what was written.")


async def checked(store: Store, folder: str, part: Part) -> AsyncGenerator[bytes, None]:
    """The part as it is stored. Raises `BackupDamaged` at its end when it is another than the manifest says."""
    digest, size = hashlib.sha256(), 0
    try:
        async with aclosing(store.read(f"{folder}/{part.name}")) as pieces:
            async for piece in pieces:
                digest.update(piece)
                size += len(piece)
                if size > part.size:
                    break
                yield piece
    except NotFound as error:
        raise BackupDamaged(f"{part.name} of {folder} is missing.") from error
    if size != part.size:
        raise BackupDamaged(f"{part.name} of {folder} has another length than was written.")
    if digest.hexdigest() != part.sha256:
        raise BackupDamaged(f"{part.name} of {folder} was altered.")
