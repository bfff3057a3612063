"""Applies revisions, one process at a time, without ever queueing the traffic behind a lock."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from esteio.base.errors import StartRefused
from esteio.db.revisions import known_revisions, present_revisions
from esteio.db.settings import DatabaseSettings

VERSIONS = Path(__file__).parent / "versions"

TURN = 0x65737465696F
"""The advisory lock of whoever migrates this database."""

WAIT_FOR_TURN = 600
LOCK_SECONDS = 3.0
TRIES = 3
BETWEEN = 1.0
"""Seconds in which the traffic that waited behind a lock goes on before it is asked for again."""


async def migrate(settings: DatabaseSettings, folders: Sequence[Path] = ()) -> list[str]:
    """Bring the database to the heads of all folders; the revisions that were applied, oldest first.

    It connects as the URL's own role, which owns the tables. A second process waits for the first and then finds
    nothing to do; within one process it is called once at a time, since Alembic keeps its context in a global. A
    statement that would wait longer than `LOCK_SECONDS` for a lock fails, so that the traffic does not pile up behind
    it, and its revision is tried again, `TRIES` times in all. Raises `StartRefused` when the database is of a newer
    version.
    """
    known = known_revisions((VERSIONS, *folders))
    async with _turn(settings) as connection:
        present = await present_revisions(connection)
        strangers = sorted(present - known.known)
        if strangers:
            raise StartRefused(
                f"The database has the revisions {', '.join(strangers)}, which this installation does not know: "
                "install the version of Esteio, and the products, that made them."
            )
        return await _upgrade(settings, folders) if known.behind(present) else []


@asynccontextmanager
async def _turn(settings: DatabaseSettings) -> AsyncIterator[asyncpg.Connection]:
    """A connection that holds the lock; the server frees it when the process dies."""
    connection = await asyncpg.connect(
        settings.direct,
        timeout=settings.connect_timeout,
        server_settings={"lock_timeout": str(WAIT_FOR_TURN * 1000), "statement_timeout": "0"},
    )
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", TURN)
        yield connection
    finally:
        await connection.close(timeout=settings.connect_timeout)


async def _upgrade(settings: DatabaseSettings, folders: Sequence[Path]) -> list[str]:
    """Revisions that were committed stay so: each try goes on behind them."""
    applied: list[str] = []
    for left in range(TRIES - 1, -1, -1):
        try:
            await _try(settings, folders, applied)
        except DBAPIError as error:
            if not left or not _is_lock(error):
                raise
            await asyncio.sleep(BETWEEN)
        else:
            break
    return applied


def _is_lock(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == asyncpg.LockNotAvailableError.sqlstate


async def _try(settings: DatabaseSettings, folders: Sequence[Path], applied: list[str]) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(settings.direct, timeout=settings.connect_timeout),
        poolclass=NullPool,
    )
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"SET lock_timeout = {LOCK_SECONDS * 1000:.0f}"))
            await connection.commit()
            await connection.run_sync(_to_heads, settings, folders, applied)
            await connection.commit()
    finally:
        await engine.dispose()


def _to_heads(connection: Connection, settings: DatabaseSettings, folders: Sequence[Path], applied: list[str]) -> None:
    given = {"connection": connection, "runtime_role": settings.runtime_role, "applied": applied}
    command.upgrade(config(folders, **given), "heads")


def config(folders: Sequence[Path], **attributes: Any) -> Config:
    """Alembic's configuration, made here instead of read from a file."""
    made = Config(attributes=attributes)
    made.set_main_option("script_location", _escaped(VERSIONS.parent))
    made.set_main_option("path_separator", "newline")
    made.set_main_option("version_locations", "\n".join(_escaped(folder) for folder in (VERSIONS, *folders)))
    return made


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
