"""Who is near the end of a quota: of one's own tenant, and of all of them for operators."""

from collections.abc import Collection
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from esteio.auth.caller import Caller
from esteio.auth.labels import labels_of
from esteio.auth.tables import Tenant
from esteio.base.errors import Forbidden, NotFound
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.base.schema import OneOf
from esteio.db.database import Database
from esteio.db.reading import reading
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.exchange import exchange_of
from esteio.http.house import House, house_of
from esteio.http.rules import rules
from esteio.limits.usage import usage
from esteio.limits.usage_schemas import NearView, shown

READ = "usage:read"
OPERATE = "limits:read"
"""Of the platform: only callers of its own tenant can hold it."""

ALONE = "Redis is away: this is what the process that answers knows by itself."
MOST = 200

router = APIRouter(tags=["limits"])
_SLUGS = reading(select(Tenant.id, Tenant.slug).where(Tenant.id == bindparam("ids", type_=ARRAY(Uuid())).any_()))


@router.get("/limits/usage", summary="List who is near a limit", response_model=Envelope[NearView])
@rules(READ, errors=(404,))
async def limits_usage(
    request: Request,
    caller: Caller,
    tenant: Annotated[
        Annotated[UUID | Literal["all"], OneOf("the id of a tenant, or all")] | None,
        Query(description="Whose, where it is not one's own; needs limits:read"),
    ] = None,
    policy: Annotated[str | None, Query(max_length=64, description="Only under this limit")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="At most so many")] = 50,
) -> Answer:
    """Callers who have used half of a quota or more, or were refused in the last minutes, in all processes.

    A caller is in view from the first time that any of the running processes asked for units after half was taken.
    """
    house, operator = house_of(request), caller.may(OPERATE)
    whose = await _whose(house, caller, tenant, operator=operator)
    only = None if policy is None else (policy,)
    found = await usage(house.parts["limiter"], house.resources.redis, whose, only)
    if found.alone:
        exchange = exchange_of(request.scope)
        exchange.warnings = (*exchange.warnings, ALONE)
    first = found.uses[:limit]
    slugs = await _slugs(house.database, {use.counted.tenant for use in first})
    labels = await labels_of(house.database, caller, {use.counted.name for use in first})
    callers = [
        shown(use, slugs.get(use.counted.tenant), labels.get(use.counted.name), addresses=operator) for use in first
    ]
    left_out = len(found.uses) - len(first)
    return Answer(NearView(processes=found.processes, left_out=left_out, callers=callers), cache_control="no-store")


async def _whose(house: House, caller: Principal, tenant: UUID | str | None, *, operator: bool) -> UUID | None:
    """Whose to show, `None` being everybody. `Forbidden` for others than one's own; for operators `NotFound`."""
    if tenant is None or tenant == caller.tenant:
        return caller.tenant
    if not operator:
        raise Forbidden(f"Other tenants than your own need the permission {OPERATE}.")
    if not isinstance(tenant, UUID):
        return None
    if not await _slugs(house.database, {tenant}):
        raise NotFound("There is no such tenant.")
    return tenant


async def _slugs(database: Database, ids: Collection[UUID]) -> dict[UUID, str]:
    rows = await database.read(DEFAULT_TENANT, _SLUGS, [*ids]) if ids else []
    return {row["id"]: row["slug"] for row in rows}
