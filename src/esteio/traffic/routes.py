"""Traffic over HTTP: how much was asked, by whom, how fast and how well it was answered."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from esteio.auth.caller import Caller
from esteio.base.errors import Forbidden, NotFound
from esteio.base.principal import Principal
from esteio.base.schema import OneOf
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.exchange import exchange_of
from esteio.http.house import House, house_of
from esteio.http.rules import rules
from esteio.traffic.parts import Traffic
from esteio.traffic.periods import Period, window
from esteio.traffic.queries import Scope
from esteio.traffic.report import Report, report
from esteio.traffic.resources import slugs
from esteio.traffic.schemas import TrafficView, UsageView
from esteio.traffic.usage import Kind, usage

READ = "usage:read"
OPERATE = "metrics:read"
"""Of the platform: only callers of its own tenant can hold it."""

PERMISSIONS = {READ: "See how much the tenant asks of the house, and what it uses"}
"""Administrators and viewers hold it. It tells of the whole tenant's doings, which a user has no need to know."""

router = APIRouter()
Asked = Annotated[Period, Query(description="How far back")]


@router.get("/metrics", summary="Traffic of a period", response_model=Envelope[TrafficView], tags=["metrics"])
@rules(READ, errors=(404,))
async def traffic(
    request: Request,
    caller: Caller,
    period: Asked = "24h",
    tenant: Annotated[
        Annotated[UUID | Literal["all"], OneOf("the id of a tenant, or all")] | None,
        Query(description="Whose, where it is not one's own; needs metrics:read"),
    ] = None,
) -> Answer:
    """Requests, latency and errors of the caller's tenant, by route and time, and what it uses.

    The figures are at most ten seconds old. Requests that nobody was proved to have made are the default tenant's.
    """
    house, operator = house_of(request), caller.may(OPERATE)
    scope = await _scope(house, caller, tenant, operator=operator)
    part: Traffic = house.parts["traffic"]

    async def make() -> Report:
        shown = window(period, house.clock.now(), everybody=scope.tenant is None)
        return await report(house.database, period, shown, scope, operator=operator)

    return _said(request, await part.reports.get((period, scope, operator), make))


@router.get("/keys/{key_id}/usage", summary="Usage of an API key", response_model=Envelope[UsageView], tags=["keys"])
@rules("keys:read")
async def key_usage(
    request: Request, caller: Caller, key_id: Annotated[UUID, Path(description="The key's id")], period: Asked = "24h"
) -> Answer:
    """Requests that were proved by the key, by time: how many, how many failed, were refused, met a limit."""
    return await _usage(request, caller, period, "key", key_id)


@router.get(
    "/oauth-clients/{oauth_client_id}/usage",
    summary="Usage of an OAuth 2 client",
    response_model=Envelope[UsageView],
    tags=["oauth clients"],
)
@rules("clients:read")
async def client_usage(
    request: Request,
    caller: Caller,
    oauth_client_id: Annotated[UUID, Path(description="The client's `id`, not its `client_id`")],
    period: Asked = "24h",
) -> Answer:
    """Requests with access tokens of the client, by time. Those for the tokens themselves are not among them."""
    return await _usage(request, caller, period, "client", oauth_client_id)


async def _usage(request: Request, caller: Principal, period: Period, kind: Kind, number: UUID) -> Answer:
    house = house_of(request)
    part: Traffic = house.parts["traffic"]

    async def make() -> Report:
        return await usage(house.database, period, window(period, house.clock.now()), caller.tenant, kind, number)

    return _said(request, await part.reports.get((period, caller.tenant, kind, number), make))


def _said(request: Request, made: Report) -> Answer:
    exchange = exchange_of(request.scope)
    exchange.warnings = (*exchange.warnings, *made.warnings)
    return Answer(made.data, cache_control="no-store")


async def _scope(house: House, caller: Principal, tenant: UUID | str | None, *, operator: bool) -> Scope:
    """Raises `Forbidden` for another tenant than one's own, and for operators `NotFound` where there is none."""
    if tenant is None or tenant == caller.tenant:
        return Scope(caller.tenant)
    if not operator:
        raise Forbidden(f"Other tenants than your own need the permission {OPERATE}.")
    if not isinstance(tenant, UUID):
        return Scope(None)
    if not await slugs(house.database, [tenant]):
        raise NotFound("There is no such tenant.")
    return Scope(tenant)
