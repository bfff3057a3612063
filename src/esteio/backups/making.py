"""Making a backup: one moment of the database, the files that its rows name, and last the manifest."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO

import asyncpg

from esteio import __version__
from esteio.backups import census
from esteio.backups.archive import Taken, named, packed
from esteio.backups.dump import dumped
from esteio.backups.errors import BackupFailed
from esteio.backups.manifest import FORMAT, NAME, Lost, Manifest, Stream, Table, secret_check, written
from esteio.backups.moment import Moment, list_files, moment
from esteio.backups.parts import Backups
from esteio.backups.programs import dumping
from esteio.backups.sealing import SUFFIX, Passing, plain, sealing
from esteio.backups.streams import PART, store_stream
from esteio.base.errors import EsteioError
from esteio.files.store import PIECE

Progress = Callable[[int, str], None]
"""Told the bytes taken so far, before compression's end and encryption, and what is being taken."""

_FORGET_WITHIN = 30.0
_STILL_THERE = """
SELECT key FROM files WHERE key = ANY ($1::text[]) AND deleted_at IS NULL AND expires_at > now()
"""


def new_id(now: datetime) -> str:
    """A backup's name: by it the newest is known. Only one is made at a time."""
    return f"{now:%Y%m%dT%H%M%SZ}-{now.microsecond:06x}"


@dataclass(frozen=True, slots=True)
class Making:
    """One backup that is being made. `most` is the size of a part."""

    backups: Backups
    id: str
    made_by: str
    progress: Progress
    most: int = PART

    async def make(self, connection: asyncpg.Connection) -> Manifest:
        """It is there when this returns, and not before; an error or a cancellation leaves nothing of it.

        `connection` is that of `moment.turn`.
        """
        through = sealing(self.backups.settings.recipients) if self.backups.settings.recipients else plain
        try:
            return await self._make(connection, through)
        except BaseException as error:
            forgetting = asyncio.ensure_future(self._forget())
            with suppress(Exception):
                async with asyncio.timeout(_FORGET_WITHIN):
                    await asyncio.shield(forgetting)
            if isinstance(error, OSError) and error.errno is not None:
                raise BackupFailed(f"The list of files could not be written: {error.strerror}.") from error
            raise

    async def _make(self, connection: asyncpg.Connection, through: Passing) -> Manifest:
        started = self.backups.clock.now()
        with tempfile.TemporaryFile() as spool:
            async with moment(connection) as seen:
                database, major = await self._database(seen, through)
                told = await _told(seen)
                if self.backups.settings.files:
                    await list_files(seen, spool)
            files, file_list, taken = await self._files(connection, spool, through)
        manifest = Manifest(
            format=FORMAT,
            id=self.id,
            started_at=started,
            taken_at=seen.taken_at,
            finished_at=self.backups.clock.now(),
            made_by=self.made_by,
            esteio=__version__,
            revisions=seen.revisions,
            postgres=seen.server,
            pg_dump=major,
            runtime_role=self.backups.database.runtime_role,
            roles=told.roles,
            grantors=told.grantors,
            recipients=self.backups.settings.recipients,
            secret_check=secret_check(self.backups.keyring, self.id),
            tables=told.tables,
            database=database,
            files=files,
            file_list=file_list,
            file_count=taken.count,
            file_bytes=taken.size,
            lost=tuple(taken.lost),
        )
        async with self.backups.store.writing(f"{self.id}/{NAME}") as upload:
            await upload.write(written(manifest, self.backups.keyring))
        return manifest

    async def _database(self, seen: Moment, through: Passing) -> tuple[Stream, int]:
        settings = self.backups.settings
        program = await dumping(settings.programs, seen.major)
        source = dumped(program, self.backups.source, seen.snapshot, settings.compression)
        return await self._store("database.dump", self._counted(source, "database"), through), program.major

    async def _files(
        self, connection: asyncpg.Connection, spool: IO[bytes], through: Passing
    ) -> tuple[Stream | None, Stream | None, Taken]:
        taken = Taken()
        if not self.backups.settings.files:
            return None, None, taken
        spool.seek(0)
        source = packed(self.backups.file_store, named(spool), taken)
        files = await self._store("files.tar", self._counted(source, "files"), through)
        spool.seek(0)
        file_list = await self._store("files.jsonl", _pieces(spool), through)
        return files, file_list, replace(taken, lost=await _looked_at(connection, taken.lost))

    async def _store(self, name: str, source: AsyncIterator[bytes], through: Passing) -> Stream:
        name = name if through is plain else f"{name}{SUFFIX}"
        return await store_stream(self.backups.store, self.id, name, source, through, self.most)

    async def _counted(self, source: AsyncIterator[bytes], what: str) -> AsyncGenerator[bytes, None]:
        done = 0
        async for piece in source:
            done += len(piece)
            self.progress(done, what)
            yield piece

    async def _forget(self) -> None:
        """Remove what there is of it. What cannot be removed now has no manifest, and is swept later."""
        with suppress(EsteioError):
            async for some in self.backups.store.listed():
                for item in some:
                    if item.key.startswith(f"{self.id}/"):
                        await self.backups.store.delete(item.key)


@dataclass(frozen=True, slots=True)
class _Told:
    tables: tuple[Table, ...]
    roles: tuple[str, ...]
    grantors: tuple[str, ...]


async def _told(seen: Moment) -> _Told:
    connection = seen.connection
    tables = await census.digested(connection)
    return _Told(tuple(tables), await census.grantees(connection), await census.grantors(connection))


async def _looked_at(connection: asyncpg.Connection, lost: Sequence[Lost]) -> list[Lost]:
    """Those that have been removed since the moment were not lost: their time was over."""
    if not lost:
        return []
    rows = await connection.fetch(_STILL_THERE, [one.key for one in lost])
    there = {row["key"] for row in rows}
    return [one if one.key in there else Lost(key=one.key, why="over") for one in lost]


async def _pieces(spool: IO[bytes]) -> AsyncGenerator[bytes, None]:
    while piece := spool.read(PIECE):
        yield piece
