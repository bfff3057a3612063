"""`esteio backup`: make, list, check and remove backups."""

import asyncio
import getpass
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import orjson

from esteio.backups import keeping
from esteio.backups.errors import BackupDamaged
from esteio.backups.keeping import Found
from esteio.backups.parts import Backups
from esteio.backups.sealing import opening, plain
from esteio.backups.work import Made, back_up
from esteio.base.clock import SystemClock
from esteio.base.crypto import Keyring
from esteio.catalog import SHIPPED
from esteio.db.database import Database
from esteio.runtime.opening import sections
from esteio.settings import Settings, read_settings
from esteio.telemetry.logs import configure
from esteio.telemetry.settings import TelemetrySettings

_TOLD_EVERY = 5.0
_MIB = 1_048_576

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON")


def backups_of(settings: Settings) -> Backups:
    """Backups by these settings."""
    return Backups(
        settings=settings.backup,
        database=settings.database,
        files=settings.files,
        keyring=Keyring(settings.secret_key.get_secret_value()),
        clock=SystemClock(),
    )


def given() -> Settings:
    """The settings of the environment; only warnings are logged."""
    configure(TelemetrySettings(log_level="warning", log_format="console"))
    return read_settings(sections(SHIPPED))


@click.group()
def backup() -> None:
    """Backups of the database and of the files that it names, in the place ESTEIO_BACKUP__URL."""


@backup.command("create")
@as_json
def create(as_json: bool) -> None:
    """Make a backup now, while everything runs; then remove what is too old by ESTEIO_BACKUP__KEEP_…."""
    made = asyncio.run(_create(given()))
    manifest = made.manifest
    lost = [one.key for one in manifest.lost if one.why != "over"]
    if as_json:
        click.echo(orjson.dumps({**_as_dict(Found(manifest.id, manifest)), "pruned": made.pruned}))
    else:
        seconds = (manifest.finished_at - manifest.started_at).total_seconds()
        click.echo(
            f"{manifest.id}: {manifest.size / _MIB:.1f} MiB, {sum(table.rows for table in manifest.tables)} rows, "
            f"{manifest.file_count} files, {seconds:.1f} s"
        )
    if lost:
        click.echo(f"esteio: {len(lost)} files that rows name are not in it, such as {lost[0]}.", err=True)


async def _create(settings: Settings) -> Made:
    database = Database(settings.database, name="esteio-backup")
    await database.open()
    try:
        return await back_up(backups_of(settings), database, f"{getpass.getuser()}@{socket.gethostname()}", _told())
    finally:
        await database.close()


def _told() -> Callable[[int, str], None]:
    last = time.monotonic()

    def tell(done: int, what: str) -> None:
        nonlocal last
        if time.monotonic() - last >= _TOLD_EVERY:
            last = time.monotonic()
            click.echo(f"esteio: {what}: {done / _MIB:.0f} MiB", err=True)

    return tell


@backup.command("list")
@as_json
def list_backups(as_json: bool) -> None:
    """List what is in the place, the newest first. Needs no database."""
    there = asyncio.run(keeping.found(backups_of(given())))
    if as_json:
        click.echo(orjson.dumps([_as_dict(item) for item in there]))
        return
    for item in there:
        click.echo(_line(item))


def _line(item: Found) -> str:
    if item.manifest is None:
        return f"{item.id}  {item.trouble}"
    manifest = item.manifest
    sealed = "encrypted" if manifest.recipients else "plain"
    return (
        f"{item.id}  {manifest.taken_at:%F %T}  {manifest.size / _MIB:>10.1f} MiB  {manifest.file_count:>7} files  "
        f"{sealed:<9}  {manifest.esteio}"
    )


def _as_dict(item: Found) -> dict[str, Any]:
    manifest = item.manifest
    if manifest is None:
        return {"id": item.id, "trouble": item.trouble}
    return {
        "id": item.id,
        "taken_at": manifest.taken_at,
        "finished_at": manifest.finished_at,
        "made_by": manifest.made_by,
        "esteio": manifest.esteio,
        "postgres": manifest.postgres,
        "bytes": manifest.size,
        "tables": len(manifest.tables),
        "rows": sum(table.rows for table in manifest.tables),
        "files": manifest.file_count,
        "lost": [one.model_dump() for one in manifest.lost],
        "encrypted": bool(manifest.recipients),
    }


@backup.command("verify")
@click.argument("backup_id", metavar="BACKUP", default="latest")
@click.option("--all", "every", is_flag=True, help="All backups instead of one")
@click.option("--identity", type=click.Path(dir_okay=False, path_type=Path), help="File with the secret key of age")
def verify(backup_id: str, every: bool, identity: Path | None) -> None:
    """Read every part of a backup and compare it with what was written; the newest one unless named."""
    backups = backups_of(given())
    wrong = asyncio.run(_verify(backups, backup_id, every, identity))
    if wrong:
        raise BackupDamaged(" ".join(wrong))


async def _verify(backups: Backups, name: str, every: bool, identity: Path | None) -> list[str]:
    names = [item.id for item in await keeping.found(backups)] if every else [name]
    wrong = []
    for each in names:
        try:
            manifest = await keeping.one(backups, each)
            through = plain if not manifest.recipients else opening(identity) if identity else None
            size = await keeping.verify(backups, manifest, through)
        except BackupDamaged as error:
            wrong.append(error.detail)
        else:
            click.echo(f"{manifest.id} is whole: {size / _MIB:.1f} MiB read")
    return wrong


@backup.command("prune")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed")
@as_json
def prune(dry_run: bool, as_json: bool) -> None:
    """Remove the backups that no rule of ESTEIO_BACKUP__KEEP_… keeps."""
    gone = asyncio.run(keeping.prune(backups_of(given()), dry=dry_run))
    if as_json:
        click.echo(orjson.dumps([item.id for item in gone]))
        return
    for item in gone:
        click.echo(f"{item.id} {'would be' if dry_run else 'is'} removed")
