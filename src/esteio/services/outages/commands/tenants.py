"""For whom an operator works, and how."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import click
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import NotFound
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.db.reading import Reading
from esteio.db.transaction import touched, transaction
from esteio.http.freshness import full_tags, publish
from esteio.resources import Resources

WITHIN = 30.0
_TENANT = Reading("SELECT id FROM tenants WHERE slug = $1", ("slug",))

in_tenant = click.option("--tenant", metavar="SLUG", help="Slug of the tenant; the default one unless said")


async def operator(resources: Resources, slug: str | None) -> Principal:
    """Whoever may run commands, in the tenant of the slug or the default one. Raises `NotFound`."""
    tenant: UUID = DEFAULT_TENANT
    if slug is not None:
        rows = await resources.database.read(DEFAULT_TENANT, _TENANT, slug)
        if not rows:
            raise NotFound(f"There is no tenant {slug}.")
        tenant = rows[0]["id"]
    return Principal(id="operator", tenant=tenant, proof="environment_key", permissions=frozenset({"*"}))


@asynccontextmanager
async def writing(resources: Resources, caller: Principal) -> AsyncIterator[AsyncSession]:
    """A transaction of the caller's tenant; after its commit the API's processes drop what it made stale."""
    async with transaction(resources.database, caller.tenant, budget=WITHIN) as session:
        yield session
    await publish(resources.bulletin, full_tags(caller.tenant, touched(session)))
