"""`esteio restore`: a backup into an empty database, checked before and compared afterwards."""

import asyncio
import time
from pathlib import Path

import click
import orjson

from esteio.backups.forgetting import forget_all
from esteio.backups.restoring import Restore, Restored
from esteio.base.errors import Unavailable
from esteio.catalog import SHIPPED
from esteio.cli.backup import backups_of, given
from esteio.cli.restore_embedded import embedded
from esteio.db.revisions import known_revisions
from esteio.migrations.roles import default_privileges, make_role
from esteio.migrations.runner import migrate
from esteio.redis.addresses import read_address
from esteio.redis.client import RedisClient
from esteio.redis.keys import PREFIX
from esteio.runtime.opening import migration_folders, service_folders
from esteio.settings import Settings


@click.command()
@click.argument("backup_id", metavar="BACKUP", default="latest")
@click.option("--identity", type=click.Path(dir_okay=False, path_type=Path), help="File with the secret key of age")
@click.option("--keep-redis", is_flag=True, help="Leave the keys of Esteio in Redis: nothing of before may be there")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Make the data directory of an `esteio up` with it, which must not have a database yet",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
def restore(backup_id: str, identity: Path | None, keep_redis: bool, data_dir: Path | None, as_json: bool) -> None:
    """Restore a backup (the newest unless named) while no process of the house runs.

    The database of ESTEIO_DATABASE__URL must be empty. Everything is checked before anything is written; every table
    is compared with the backup afterwards; then the migrations of this release are applied. With --data-dir the
    database, the files and the master secret of ESTEIO_SECRET_KEY go there, and `esteio up --data-dir` goes on with it.
    """
    began = time.monotonic()
    if data_dir is None:
        restored, applied = asyncio.run(_restore(given(), backup_id, identity, keep_redis))
    else:
        with embedded(data_dir):
            restored, applied = asyncio.run(_restore(given(), backup_id, identity, keep_redis=True))
    seconds = time.monotonic() - began
    told = {
        "id": restored.id,
        "taken_at": restored.taken_at,
        "tables": restored.tables,
        "rows": restored.rows,
        "files": restored.files,
        "files_gone": restored.gone,
        "migrations": applied,
        "seconds": round(seconds, 1),
    }
    click.echo(orjson.dumps(told) if as_json else _words(restored, applied, seconds))


def _words(restored: Restored, applied: list[str], seconds: float) -> str:
    return (
        f"{restored.id} is restored as of {restored.taken_at:%F %T} UTC in {seconds:.1f} s: {restored.tables} tables "
        f"with {restored.rows} rows, each compared; {restored.files} files; {len(applied)} migrations applied."
        + (f"\n{restored.gone} files that the backup lacks are marked as removed." if restored.gone else "")
    )


async def _restore(
    settings: Settings, name: str, identity: Path | None, keep_redis: bool
) -> tuple[Restored, list[str]]:
    role = settings.database.runtime_role
    work = Restore(
        backups=backups_of(settings),
        known=known_revisions(migration_folders(SHIPPED)).known,
        prepare=make_role(role),
        rights=default_privileges(role),
        identity=identity,
        note=lambda words: click.echo(f"esteio: {words}", err=True),
    )
    restored = await work.run(name)
    applied = await migrate(settings.database, service_folders(SHIPPED))
    if not keep_redis:
        await _forget(settings)
    return restored, applied


async def _forget(settings: Settings) -> None:
    """What Redis knows is of a time that the database has not seen."""
    if read_address(settings.redis.url.get_secret_value()).kind == "cluster":
        click.echo(
            f"esteio: Redis is a Cluster, whose keys are left: before the house starts, delete {PREFIX}:* on each of "
            "its primaries",
            err=True,
        )
        return
    redis = RedisClient(settings.redis.url.get_secret_value(), deadline=settings.redis.deadline)
    await redis.open()
    try:
        click.echo(f"esteio: {await forget_all(redis)} keys of Redis are forgotten", err=True)
    except Unavailable:
        click.echo(f"esteio: Redis is away: before the house starts, delete its keys {PREFIX}:*", err=True)
    finally:
        await redis.close()
