"""The files of a backup as one tar, written and read as a stream; `tar` itself reads it too."""

import hashlib
import tarfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field

import orjson

from esteio.backups.errors import BackupDamaged, BackupFailed
from esteio.backups.manifest import Lost
from esteio.backups.streams import Feed
from esteio.base.errors import NotFound
from esteio.files.store import PIECE, Store

MOST_LOST = 1_000
"""More files than that are not lost one by one: the place is another, or was emptied."""

_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)


@dataclass(frozen=True, slots=True)
class Named:
    """A file as its row names it."""

    key: str
    size: int
    sha256: str


@dataclass(slots=True)
class Taken:
    """What became of the files: how many were packed, their bytes, and those that were not as their rows say."""

    count: int = 0
    size: int = 0
    lost: list[Lost] = field(default_factory=list)

    def lose(self, lost: Lost) -> None:
        self.lost.append(lost)
        if len(self.lost) > MOST_LOST:
            raise BackupFailed(
                f"More than {MOST_LOST} files that rows name are not in the store as they should be: is "
                "ESTEIO_FILES__URL the right one? ESTEIO_BACKUP__FILES=false backs the database up alone."
            )


def named(lines: Iterable[bytes]) -> Iterable[Named]:
    """The files of a list, one JSON array a line."""
    return (Named(*orjson.loads(line)) for line in lines)


async def packed(store: Store, files: Iterable[Named], taken: Taken) -> AsyncGenerator[bytes, None]:
    """The tar of these files. One that is missing or altered is noted in `taken`; a store that is away is an error."""
    for file in files:
        async with aclosing(_member(store, file, taken)) as pieces:
            async for piece in pieces:
                yield piece
    yield _END


async def _member(store: Store, file: Named, taken: Taken) -> AsyncGenerator[bytes, None]:
    feed = Feed(store.read(file.key))
    try:
        await feed.more()
    except NotFound:
        taken.lose(Lost(key=file.key, why="missing"))
        return
    yield _header(file)
    async with aclosing(feed.take(file.size)) as pieces:
        async for piece in pieces:
            yield piece
    if feed.size != file.size or feed.sha256 != file.sha256 or await feed.more():
        taken.lose(Lost(key=file.key, why="altered"))
    else:
        taken.count += 1
        taken.size += file.size
    for some in _zeros(file.size - feed.size + -file.size % _BLOCK):
        yield some


def _zeros(count: int) -> Iterable[bytes]:
    while count > 0:
        yield bytes(min(count, PIECE))
        count -= PIECE


def _header(file: Named) -> bytes:
    member = tarfile.TarInfo(file.key)
    member.size = file.size
    member.mode = 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


async def unpack(
    source: AsyncIterator[bytes], expected: Iterable[Named], store: Store, new: Callable[[str], object]
) -> int:
    """Write the files that are expected into the store, under their keys; how many they are.

    `new` is told each key that the store does not have, before it is written. Raises `BackupDamaged` when the tar has
    others, fewer, or one with another content.
    """
    feed, count = Feed(source), 0
    wanted = iter(expected)
    while (found := await _next_member(feed)) is not None:
        key, size = found
        file = next(wanted, None)
        while file is not None and file.key != key:
            file = next(wanted, None)  # one that was lost before it could be packed
        if file is None or file.size != size:
            raise BackupDamaged(f"The files of the backup are not those of its list: {key}.")
        if not await _present(store, key):
            new(key)
        count += await _write(feed, file, store)
        await feed.exactly(-size % _BLOCK)
    async with aclosing(feed.take(1 << 62)) as rest:
        async for _ in rest:
            pass
    return count


async def _present(store: Store, key: str) -> bool:
    async with aclosing(store.read(key)) as pieces:
        try:
            await anext(pieces, None)
        except NotFound:
            return False
    return True


async def _write(feed: Feed, file: Named, store: Store) -> int:
    """One whose content was altered before it was packed is left out."""
    digest, size = hashlib.sha256(), 0
    async with store.writing(file.key) as upload, aclosing(feed.take(file.size)) as pieces:
        async for piece in pieces:
            digest.update(piece)
            size += len(piece)
            await upload.write(piece)
        if size != file.size:
            raise BackupDamaged("The files of the backup end too early.")
    if digest.hexdigest() == file.sha256:
        return 1
    await store.delete(file.key)
    return 0


async def _next_member(feed: Feed) -> tuple[str, int] | None:
    name = ""
    while True:
        block = await feed.exactly(_BLOCK)
        if not any(block):
            return None
        try:
            member = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise BackupDamaged("The files of the backup are not a tar.") from error
        if member.type != tarfile.GNUTYPE_LONGNAME:
            return name or member.name, member.size
        name = (await feed.exactly(member.size))[:-1].decode()
        await feed.exactly(-member.size % _BLOCK)
