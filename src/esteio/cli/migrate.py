"""`esteio migrate`: the database at this release's schema."""

import asyncio

import click

from esteio.catalog import SHIPPED
from esteio.db.database import Database
from esteio.db.failures import unavailable
from esteio.db.revisions import known_revisions, present_revisions
from esteio.db.transaction import is_failure
from esteio.migrations.runner import migrate as bring_to_head
from esteio.runtime.opening import migration_folders, sections, service_folders
from esteio.settings import read_settings

PENDING = 1


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when migrations are pending")
@click.pass_context
def migrate(context: click.Context, check: bool) -> None:
    """Apply what is missing, one process at a time. Safe to repeat."""
    settings = read_settings(sections(SHIPPED)).database
    if check:
        pending = asyncio.run(_is_behind(Database(settings)))
        click.echo("Migrations are pending: run `esteio migrate`." if pending else "The database is at head.")
        context.exit(PENDING if pending else 0)
    try:
        applied = asyncio.run(bring_to_head(settings, service_folders(SHIPPED)))
    except Exception as error:
        if is_failure(error):
            raise unavailable(error) from error
        raise
    for revision in applied:
        click.echo(f"applied {revision}", err=True)


async def _is_behind(database: Database) -> bool:
    await database.open()
    try:
        async with database.connection() as connection:
            return known_revisions(migration_folders(SHIPPED)).behind(await present_revisions(connection))
    finally:
        await database.close()
