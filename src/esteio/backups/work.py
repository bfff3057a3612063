"""A backup from its turn to its place among the others: what the command and the scheduled job do."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from esteio.backups import ledger
from esteio.backups.errors import BackupUnderWay
from esteio.backups.keeping import prune, sweep
from esteio.backups.making import Making, Progress, new_id
from esteio.backups.manifest import Manifest
from esteio.backups.moment import turn
from esteio.backups.parts import Backups
from esteio.base.errors import EsteioError
from esteio.db.database import Database
from esteio.telemetry.logs import log

_NOTE_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Made:
    """The backup, and how many older ones were removed after it."""

    manifest: Manifest
    pruned: int


async def back_up(
    backups: Backups, database: Database, made_by: str, progress: Progress = lambda done, what: None
) -> Made:
    """Make a backup, remember how it ended, then remove what is too old and what killed makers have left.

    Raises `BackupRefused` where it cannot be made as things stand or one is being made, `BackupFailed`, `StorageFull`,
    `Unavailable`; then there is no backup of it. All but `BackupUnderWay` are remembered as a failure.
    """
    name = new_id(backups.clock.now())
    try:
        async with turn(backups) as connection:
            await ledger.begin(database, name, made_by, backups.clock.now())
            manifest = await Making(backups, name, made_by, progress).make(connection)
            await ledger.made(database, manifest)
            _tell(manifest)
            pruned = await _tidy(backups)
        return Made(manifest, pruned)
    except BackupUnderWay:
        raise
    except BaseException as error:
        await _note(_failed(backups, database, name, made_by, error))
        raise


async def _tidy(backups: Backups) -> int:
    """What is not removed now is removed after the next backup."""
    try:
        await sweep(backups)
        return len(await prune(backups))
    except EsteioError as error:
        log("esteio.backups").warning("backup.not_pruned", cause=error.operator or error.detail)
        return 0


def _tell(manifest: Manifest) -> None:
    lost = [one.key for one in manifest.lost if one.why != "over"]
    log("esteio.backups").info(
        "backup.made",
        backup=manifest.id,
        size=manifest.size,
        files=manifest.file_count,
        seconds=(manifest.finished_at - manifest.started_at).total_seconds(),
    )
    if lost:
        log("esteio.backups").error("backup.files_lost", backup=manifest.id, number=len(lost), first=lost[:5])


async def _failed(backups: Backups, database: Database, name: str, made_by: str, error: BaseException) -> None:
    why = error.operator or error.detail if isinstance(error, EsteioError) else f"{type(error).__name__}: {error}"
    log("esteio.backups").error("backup.failed", backup=name, cause=why)
    await ledger.failed(database, name, made_by, backups.clock.now(), why)


async def _note(work: Coroutine[Any, Any, None]) -> None:
    """A cancelled run too says how it ended, where the database still listens."""
    noting = asyncio.ensure_future(work)
    with suppress(Exception):
        async with asyncio.timeout(_NOTE_WITHIN):
            await asyncio.shield(noting)
