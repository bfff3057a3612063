"""One moment of the database: a transaction whose snapshot the dump, the counts and the list of files share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import asyncpg
import orjson

from esteio.backups import census
from esteio.backups.connecting import connected
from esteio.backups.errors import BackupRefused, BackupUnderWay
from esteio.backups.parts import Backups
from esteio.db.revisions import present_revisions

TURN = 0x65737462_61636B
"""The advisory lock of whoever backs this database up."""

_PORTION = 1_000
# What is over is nobody's any more; the purge may remove it at any time.
_FILES = """
SELECT key, size, sha256 FROM files WHERE deleted_at IS NULL AND expires_at > $1 ORDER BY key
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """A connection in the transaction, the name of its snapshot, and when it was taken."""

    connection: asyncpg.Connection
    snapshot: str
    taken_at: datetime
    revisions: tuple[str, ...]
    server: int

    @property
    def major(self) -> int:
        return self.server // 10_000


@asynccontextmanager
async def turn(backups: Backups) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees every row and is the only one that backs up. Raises `BackupRefused`, `Unavailable`.

    `BackupUnderWay` says that another has the turn.
    """
    async with connected(backups.source, backups.database.connect_timeout) as connection:
        await refuse_blind(connection)
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", TURN):
            raise BackupUnderWay("Another backup of this database is being made: wait until it has ended.")
        yield connection


async def refuse_blind(connection: asyncpg.Connection) -> None:
    """Raise `BackupRefused` where the role would see less than all: such a backup would look well and be empty."""
    role = await census.role_of(connection)
    if not role.sees_all:
        raise BackupRefused(
            f"The role {role.name} is bound by row-level security, so that a backup by it would lack the tenants' "
            "rows. As a superuser: CREATE ROLE esteio_backup LOGIN BYPASSRLS PASSWORD '…'; GRANT pg_read_all_data TO "
            "esteio_backup; and set ESTEIO_BACKUP__DATABASE_URL to the database's address with that role."
        )
    hidden = await census.unreadable(connection)
    if hidden:
        raise BackupRefused(
            f"The role {role.name} may not read {', '.join(hidden[:5])}{' and others' if hidden[5:] else ''}. "
            f"As a superuser: GRANT pg_read_all_data TO {role.name};"
        )


@asynccontextmanager
async def moment(connection: asyncpg.Connection) -> AsyncIterator[Moment]:
    """The database as it is now, until the block ends. Raises `BackupRefused` where it was never migrated."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        version = connection.get_server_version()
        if version.major >= 17:
            await connection.execute("SET LOCAL transaction_timeout = 0")
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
        revisions = await present_revisions(connection)
        if not revisions:
            raise BackupRefused("The database has no tables of Esteio: is ESTEIO_BACKUP__DATABASE_URL the right one?")
        yield Moment(
            connection,
            snapshot,
            await connection.fetchval("SELECT now()"),
            tuple(sorted(revisions)),
            int(await connection.fetchval("SHOW server_version_num")),
        )


async def list_files(seen: Moment, into: IO[bytes]) -> int:
    """Write a line of JSON for each file that can be fetched; how many there are."""
    count = 0
    async for row in seen.connection.cursor(_FILES, seen.taken_at, prefetch=_PORTION):
        into.write(orjson.dumps([row["key"], row["size"], row["sha256"]]) + b"\n")
        count += 1
    into.flush()
    return count
