"""Restoring a backup: everything is checked before anything is written, and everything compared afterwards."""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import asyncpg

from esteio.backups import census
from esteio.backups.archive import named, unpack
from esteio.backups.brought import Brought, bringing
from esteio.backups.connecting import connected
from esteio.backups.dump import listed, loaded, without_default_rights
from esteio.backups.errors import BackupFailed, BackupRefused
from esteio.backups.keeping import one, verify
from esteio.backups.manifest import Manifest
from esteio.backups.parts import Backups
from esteio.backups.programs import Program, restoring
from esteio.backups.sealing import Passing, opening, plain
from esteio.backups.streams import stored_stream
from esteio.base.errors import EsteioError

Note = Callable[[str], None]

# A row without its object would promise what nobody can fetch. Every other row is as it was.
_GONE = "UPDATE files SET deleted_at = now() WHERE key = ANY ($1::text[]) AND deleted_at IS NULL"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, and of which moment."""

    id: str
    taken_at: datetime
    tables: int
    rows: int
    files: int
    gone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """One restore. `known` are the revisions of this release; `prepare` are statements that make the runtime role,
    `rights` those that give it tables which are made later. `note` is told what is being done.
    """

    backups: Backups
    known: frozenset[str]
    prepare: Sequence[str]
    rights: Sequence[str]
    identity: Path | None = None
    note: Note = lambda words: None

    async def run(self, name: str) -> Restored:
        """Bring the backup (`latest`: the newest) into the empty database of the settings, and its files back.

        Raises `BackupRefused` and `BackupDamaged` before anything is written; `BackupFailed`, `Unavailable` later: an
        interrupted restore leaves the database empty and takes the files back that it has written, and is run again.
        Only when the comparison at the end fails is the database full and wrong.
        """
        manifest = await one(self.backups, name)
        self._refuse(manifest)
        through = opening(self.identity) if manifest.recipients else plain
        async with connected(self.backups.target, self.backups.database.connect_timeout) as connection:
            program = await self._fit(connection, manifest)
            self.note(f"Checking {manifest.id}")
            await verify(self.backups, manifest, through)
            contents = await listed(program, stored_stream(self.backups.store, manifest.id, manifest.database, through))
            await self._prepared(connection)
            owner = (await census.role_of(connection)).name
            chosen = None if set(manifest.grantors) <= {owner} else without_default_rights(contents)
            with bringing(self.backups.file_store) as brought:
                try:
                    files = await self._files(manifest, through, brought)
                    self.note("Bringing the database back")
                    source = stored_stream(self.backups.store, manifest.id, manifest.database, through)
                    await loaded(program, self.backups.target, chosen, source)
                except BaseException:
                    await self._take_back(connection, brought)
                    raise
            for statement in self.rights:
                await connection.execute(statement)
            self.note("Comparing it")
            await compare(connection, manifest)
            gone = await _let_go(connection, manifest)
        rows = sum(table.rows for table in manifest.tables)
        return Restored(manifest.id, manifest.taken_at, len(manifest.tables), rows, files, gone)

    def _refuse(self, manifest: Manifest) -> None:
        strangers = sorted(set(manifest.revisions) - self.known)
        if strangers:
            raise BackupRefused(
                f"{manifest.id} was made by Esteio {manifest.esteio} and has the revisions {', '.join(strangers)}, "
                "which this installation does not know: restore it with that release and its products."
            )
        role = self.backups.database.runtime_role
        if manifest.runtime_role != role:
            raise BackupRefused(
                f"{manifest.id} gives its rights to the role {manifest.runtime_role}, this installation's is {role}: "
                f"set ESTEIO_DATABASE__RUNTIME_ROLE={manifest.runtime_role}."
            )

    async def _fit(self, connection: asyncpg.Connection, manifest: Manifest) -> Program:
        """The `pg_restore` for this server, which must be empty and not older than the backup's."""
        there = await census.relations(connection)
        if there:
            raise BackupRefused(
                f"The database is not empty: it has {', '.join(there)}. A backup is restored into an empty one: CREATE "
                "DATABASE … OWNER …, and set ESTEIO_DATABASE__URL to it. What is there is left untouched."
            )
        server = int(await connection.fetchval("SHOW server_version_num")) // 10_000
        if server < manifest.postgres // 10_000:
            raise BackupRefused(
                f"{manifest.id} is of PostgreSQL {manifest.postgres // 10_000}, the server of {server}: restore it "
                "into a server of that version or a newer one."
            )
        others = sorted(set(manifest.roles) - {manifest.runtime_role})
        if missing := await census.roles_missing(connection, others):
            raise BackupRefused(
                f"The backup gives rights to roles that this server does not have: {', '.join(missing)}. "
                f"As a superuser: {' '.join(f'CREATE ROLE {name};' for name in missing)}"
            )
        return await restoring(self.backups.settings.programs, manifest.pg_dump, server)

    async def _prepared(self, connection: asyncpg.Connection) -> None:
        """The runtime role is made."""
        try:
            for statement in self.prepare:
                await connection.execute(statement)
        except asyncpg.InsufficientPrivilegeError as error:
            raise BackupRefused(f"{error}. {getattr(error, 'hint', None) or ''}".strip()) from error

    async def _take_back(self, connection: asyncpg.Connection, brought: Brought) -> None:
        """The files go again that this restore has written. Where their rows may be there after all, they stay.

        What stays harms nobody: running it again writes the same, and what has no row is removed as an orphan.
        """
        try:
            if await census.relations(connection):
                return
            self.note(f"{await brought.take_back()} files are taken back")
        except (EsteioError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            self.note("Files stay in the store without their rows: run it again")

    async def _files(self, manifest: Manifest, through: Passing, brought: Brought) -> int:
        """Before the database: a row is never there without its file. Writing one twice writes the same."""
        if manifest.files is None or manifest.file_list is None:
            return 0
        self.note("Bringing the files back")
        backups = self.backups
        with tempfile.TemporaryFile() as spool:
            async for piece in stored_stream(backups.store, manifest.id, manifest.file_list, through):
                spool.write(piece)
            spool.seek(0)
            source = stored_stream(backups.store, manifest.id, manifest.files, through)
            count = await unpack(source, named(_lines(spool)), backups.file_store, brought.note)
        if count != manifest.file_count:
            raise BackupFailed(f"{count} files were brought back of {manifest.file_count}.")
        return count


def _lines(spool: IO[bytes]) -> Iterable[bytes]:
    return iter(spool.readline, b"")


async def compare(connection: asyncpg.Connection, manifest: Manifest) -> None:
    """Every table has the rows that it had, its sequences are ahead of it, its row-level security binds everybody.

    The owner of the tables is freed from their policies in a transaction that is rolled back.
    """
    bound = await census.forced(connection)
    freeing = connection.transaction()
    await freeing.start()
    try:
        for table in bound:
            await connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        present = {table.name: table for table in await census.digested(connection)}
        late = await census.late_sequences(connection)
    finally:
        await freeing.rollback()
    wrong = sorted(table.name for table in manifest.tables if present.get(table.name) != table)
    wrong += sorted(set(present) - {table.name for table in manifest.tables})
    if wrong or late:
        raise BackupFailed(
            f"What was restored is not what was backed up: {', '.join([*wrong, *late])}. Drop the database and restore "
            "another backup."
        )
    if await census.forced(connection) != bound:
        raise BackupFailed("Row-level security is not in force as it was. Drop the database.")


async def _let_go(connection: asyncpg.Connection, manifest: Manifest) -> int:
    """Rows of files that the backup lacks are marked as removed; how many."""
    keys = [file.key for file in manifest.lost]
    if not keys:
        return 0
    async with connection.transaction():
        await connection.execute("ALTER TABLE files NO FORCE ROW LEVEL SECURITY")
        done = await connection.execute(_GONE, keys)
        await connection.execute("ALTER TABLE files FORCE ROW LEVEL SECURITY")
    return int(done.rpartition(" ")[2])
