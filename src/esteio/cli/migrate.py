"""`esteio migrate`: the database at this release's schema."""

import asyncio

import asyncpg
import click

from esteio.base.errors import StartRefused
from esteio.catalog import SHIPPED
from esteio.db.failures import FAILURES, unavailable
from esteio.db.revisions import Revisions, known_revisions, present_revisions
from esteio.db.settings import DatabaseSettings
from esteio.db.transaction import is_failure
from esteio.migrations.runner import migrate as bring_to_head
from esteio.migrations.text import pending
from esteio.runtime.opening import migration_folders, sections, service_folders
from esteio.settings import read_settings

PENDING = 1


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when migrations are pending")
@click.option("--sql", is_flag=True, help="Change nothing; print the SQL of what is pending")
@click.option("--offline", is_flag=True, help="With --sql: all of it, for an empty database, without asking one")
@click.pass_context
def migrate(context: click.Context, check: bool, sql: bool, offline: bool) -> None:
    """Apply what is missing, one process at a time. Safe to repeat."""
    if offline and not sql:
        raise click.UsageError("--offline goes with --sql.")
    settings = read_settings(sections(SHIPPED)).database
    if check:
        behind = _known().behind(asyncio.run(_present(settings)))
        click.echo("Migrations are pending: run `esteio migrate`." if behind else "The database is at head.")
        context.exit(PENDING if behind else 0)
    if sql:
        _print(settings, frozenset() if offline else asyncio.run(_present(settings)))
        return
    try:
        applied = asyncio.run(bring_to_head(settings, service_folders(SHIPPED)))
    except Exception as error:
        if is_failure(error):
            raise unavailable(error) from error
        raise
    for revision in applied:
        click.echo(f"applied {revision}", err=True)


def _print(settings: DatabaseSettings, present: frozenset[str]) -> None:
    known = _known()
    if strangers := sorted(present - known.known):
        raise StartRefused(f"The database is of a newer release: it has the revisions {', '.join(strangers)}.")
    if known.behind(present):
        click.echo(pending(settings, present, service_folders(SHIPPED)), nl=False)
    else:
        click.echo("-- Nothing is pending: the database is at head.")


def _known() -> Revisions:
    return known_revisions(migration_folders(SHIPPED))


async def _present(settings: DatabaseSettings) -> frozenset[str]:
    """Asked as whoever migrates is: before the first migration there is no other role yet."""
    try:
        connection = await asyncpg.connect(settings.direct, timeout=settings.connect_timeout)
    except asyncpg.PostgresError as error:
        raise unavailable(error) from error
    except FAILURES as error:
        raise unavailable(error) from error
    try:
        return await present_revisions(connection)
    finally:
        await connection.close(timeout=settings.connect_timeout)
