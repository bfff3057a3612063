"""Whether the process lives, is ready, has started: for orchestrators, for people and for old probes."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from esteio.auth.caller import Caller
from esteio.base.errors import EsteioError
from esteio.base.principal import Principal
from esteio.base.schema import View
from esteio.db.database import Database
from esteio.http.answers import Answer, dumps
from esteio.http.envelope import Envelope
from esteio.http.house import House, house_of
from esteio.http.rules import rules
from esteio.jobs.census import Census, unattended
from esteio.jobs.kinds import QUEUES
from esteio.manifest import Degraded
from esteio.resources import Resources
from esteio.runtime.readiness import Readiness, serves
from esteio.telemetry.metrics import exposition
from esteio.traffic.parts import Traffic
from esteio.traffic.resources import under_way
from esteio.traffic.routes import OPERATE, READ
from esteio.traffic.schemas import UnderWayView

DETAIL = "health:read"
METRICS = OPERATE
WITHIN = 2.0
State = Literal["ok", "degraded", "unavailable"]
CALLED = {"redis": "cache", "disk": "storage"}
"""Parts by the names under which those know them who are not told how the house is built."""

probes = APIRouter(tags=["health"])
v2 = APIRouter(tags=["health"])


async def disk(resources: Resources) -> None:
    """Says when room for files gets scarce: no reason to send requests elsewhere."""
    low = await resources.files.space.low()
    if low is not None:
        raise Degraded(low)


def _readiness(request: Request) -> Readiness:
    readiness: Readiness = request.app.state.readiness
    return readiness


def _probe(well: bool, **said: Any) -> Response:
    status = 200 if well else 503
    body = dumps({"status": "ok" if well else "unavailable", **said})
    headers = {"cache-control": "no-store"} | ({} if well else {"retry-after": "2"})
    return Response(body, status, headers, "application/json")


@probes.get("/livez", summary="The process lives", include_in_schema=False)
@rules(quiet=True)
async def livez() -> Response:
    """Says nothing of other parts: a database that is down is no reason to restart this process."""
    return _probe(True)


@probes.get("/readyz", summary="The process may be sent requests", include_in_schema=False)
@rules(quiet=True)
async def readyz(request: Request) -> Response:
    """503 while the database is away, migrations are pending, or the process is draining."""
    return _probe(await _readiness(request).ready())


@probes.get("/startupz", summary="The process has started", include_in_schema=False)
@rules(quiet=True)
async def startupz(request: Request) -> Response:
    return _probe(_readiness(request).started)


@probes.get("/health", summary="Health for people and old probes", include_in_schema=False)
@rules(quiet=True)
async def health(request: Request) -> Response:
    return _probe(await _readiness(request).ready())


class OwnView(View):
    """How the caller's own tenant stands."""

    jobs: UnderWayView | None = Field(description="Those that wait or run now; null while they cannot be counted")


class HealthView(View):
    status: Literal["ok", "unavailable"]
    parts: dict[str, str] = Field(default={}, description="With health:read in words, with usage:read as a State")
    own: OwnView | None = None


@v2.get("/health", summary="Health", response_model=Envelope[HealthView])
@rules(quiet=True)
async def health_report(
    request: Request,
    caller: Caller,
    detailed: Annotated[bool, Query(description="Name each part; needs health:read or usage:read")] = False,
) -> Answer:
    """Whether the service is well.

    Detailed, callers with `health:read` are told of each part in words; those with `usage:read` whether it is ok,
    degraded or unavailable; both how their own tenant stands. Anybody else is told the status alone.
    """
    readiness = _readiness(request)
    data: dict[str, Any] = {"status": "ok" if await readiness.ready() else "unavailable"}
    if detailed and not caller.anonymous and (caller.may(DETAIL) or caller.may(READ)):
        words = {**await readiness.report(), "jobs": await _jobs(readiness.resources.database)}
        data["parts"] = words if caller.may(DETAIL) else _coarse(words, needs_redis=readiness.needs_redis)
        data["own"] = {"jobs": await _own_jobs(house_of(request), caller)}
    return Answer(data, cache_control="no-store")


def _coarse(words: Mapping[str, str], *, needs_redis: bool) -> dict[str, State]:
    """The state of each part, without a word on why. What the house does without only degrades it."""
    lesser = {"jobs"} if needs_redis else {"jobs", "redis"}
    return {CALLED.get(part, part): _state(said, lesser=part in lesser) for part, said in words.items()}


def _state(words: str, *, lesser: bool) -> State:
    if words == "ok":
        return "ok"
    return "degraded" if lesser or serves(words) else "unavailable"


async def _own_jobs(house: House, caller: Principal) -> UnderWayView | None:
    """Counted once in a few seconds for all callers of a tenant: health is not limited."""
    part: Traffic = house.parts["traffic"]
    try:
        async with asyncio.timeout(WITHIN):
            return await part.standings.get(caller.tenant, lambda: under_way(house.database, caller.tenant))
    except (EsteioError, TimeoutError):
        return None


async def _jobs(database: Database) -> str:
    """Jobs wait where nobody works: that is worth knowing, and no reason to send requests elsewhere."""
    try:
        async with asyncio.timeout(WITHIN):
            queues = await unattended(database)
    except (EsteioError, TimeoutError):
        return "not known: the database is away"
    if len(queues) == len(QUEUES):
        return "no worker has signed on"
    return f"no worker has signed on for {', '.join(queues)}" if queues else "ok"


@probes.get("/metrics", summary="Prometheus metrics", include_in_schema=False)
@rules(METRICS, quiet=True)
async def metrics(request: Request) -> Response:
    """All processes of this server, in the text format of Prometheus, or of OpenMetrics for who accepts it."""
    census: Census = request.app.state.census
    counted = await census.families()
    shown, content_type = await asyncio.to_thread(exposition, request.headers.get("accept", ""), counted)
    return Response(shown, 200, {"cache-control": "no-store", "content-type": content_type, "vary": "Accept"})
