"""`esteio jobs`: what an operator does with jobs from the command line."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import click
import orjson

from esteio.auth.administration import all_tenants, tenant_named
from esteio.auth.parts import Auth
from esteio.base.errors import NotFound
from esteio.cli.house import with_auth
from esteio.db.transaction import transaction
from esteio.events.tasks import tells_tasks
from esteio.jobs import control
from esteio.jobs.inspection import STATES, jobs_of, one_job

T = TypeVar("T")
IN_ONE_GO = 1000

in_tenant = click.option("--tenant", help="Slug of the tenant; the default one unless said")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON")


@click.group()
def jobs() -> None:
    """Jobs of a tenant: tasks of the API, and what the house does for itself."""


@jobs.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state")
@click.option("--failed", is_flag=True, help="Only dead letters; the same as --state failed")
@click.option("--name", help="Only those of this kind, such as pets.export")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many at most")
@click.option("--all-tenants", is_flag=True, help="Those of every tenant, so many of each at most, with its slug")
@in_tenant
@as_json
def list_jobs(
    state: str | None,
    failed: bool,
    name: str | None,
    limit: int,
    all_tenants: bool,
    tenant: str | None,
    as_json: bool,
) -> None:
    """List jobs, the newest first."""
    if all_tenants and tenant is not None:
        raise click.UsageError("Give --tenant or --all-tenants, not both.")
    chosen = "failed" if failed else state

    async def read(auth: Auth, where: UUID) -> Any:
        return await jobs_of(auth.database, where, state=chosen, name=name, most=limit)

    found = _in_every_tenant(read) if all_tenants else _in_tenant(tenant, read)
    if as_json:
        click.echo(orjson.dumps(found, default=str))
        return
    for job in found:
        error, whose = (job["error"] or {}).get("code", ""), f"{job['tenant']}  " if all_tenants else ""
        told = f"{job['id']}  {job['state']:<9}  {job['attempts']:>3}  {job['created_at']:%F %T}"
        click.echo(f"{told}  {whose}{job['name']}  {error}")


@jobs.command("show")
@click.argument("job", type=click.UUID)
@in_tenant
@as_json
def show(job: UUID, tenant: str | None, as_json: bool) -> None:
    """Show all that is known of a job, its payload included."""

    async def read(auth: Auth, where: UUID) -> Any:
        return await one_job(auth.database, where, job)

    found = _in_tenant(tenant, read)
    if found is None:
        raise NotFound(f"There is no job {job}.")
    if as_json:
        click.echo(orjson.dumps(found, default=str))
        return
    for label, value in found.items():
        if value is not None:
            click.echo(f"{label:<16} {orjson.dumps(value, default=str).decode() if isinstance(value, dict) else value}")


@jobs.command("retry")
@click.argument("job", type=click.UUID, required=False)
@click.option("--all", "every", is_flag=True, help="All dead letters instead of one job")
@click.option("--name", help="With --all: only those of this kind")
@in_tenant
@as_json
def retry(job: UUID | None, every: bool, name: str | None, tenant: str | None, as_json: bool) -> None:
    """Let a job that failed run again, or all that failed."""
    if (job is None) != every or (name is not None and not every):
        raise click.UsageError("Give the id of a job, or --all (perhaps with --name).")

    async def again(auth: Auth, where: UUID) -> int:
        return await _one_again(auth, where, job) if job is not None else await _all_again(auth, where, name)

    number = _in_tenant(tenant, again)
    click.echo(orjson.dumps({"retried": number}) if as_json else f"{number} run again.")


async def _one_again(auth: Auth, tenant: UUID, job: UUID) -> int:
    async with transaction(auth.database, tenant) as session:
        await control.retry(session, job, visible=False)
    return 1


async def _all_again(auth: Auth, tenant: UUID, name: str | None) -> int:
    """In several transactions, so that none is long."""
    number = 0
    while True:
        async with transaction(auth.database, tenant) as session:
            some = await control.retry_failed(session, name=name, most=IN_ONE_GO, visible=False)
        number += some
        if some < IN_ONE_GO:
            return number


@jobs.command("cancel")
@click.argument("job", type=click.UUID)
@in_tenant
@as_json
def cancel(job: UUID, tenant: str | None, as_json: bool) -> None:
    """Cancel a job: one that waits never runs, one that runs is told to stop."""

    async def end(auth: Auth, where: UUID) -> str:
        async with transaction(auth.database, where) as session:
            await control.cancel(session, job, tells_tasks(auth.clock), tenant=where, visible=False)
        found = await one_job(auth.database, where, job)
        return str(found["state"]) if found else "cancelled"

    state = _in_tenant(tenant, end)
    if as_json:
        click.echo(orjson.dumps({"id": str(job), "state": state}))
        return
    click.echo(f"{job} is cancelled." if state == "cancelled" else f"{job} is told to stop.")


def _in_every_tenant(read: Callable[[Auth, UUID], Awaitable[list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    async def run(auth: Auth) -> list[dict[str, Any]]:
        slugs = await all_tenants(auth)
        return [{"tenant": slug, **job} for where, slug in slugs.items() for job in await read(auth, where)]

    return with_auth(run)


def _in_tenant(slug: str | None, work: Callable[[Auth, UUID], Awaitable[T]]) -> T:
    async def run(auth: Auth) -> T:
        return await work(auth, await tenant_named(auth, slug))

    return with_auth(run)
