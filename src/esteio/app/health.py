"""Whether the process lives, is ready, has started: for orchestrators, for people and for old probes."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from esteio.base.errors import EsteioError
from esteio.db.database import Database
from esteio.http.answers import Answer, dumps
from esteio.http.envelope import Envelope
from esteio.http.exchange import exchange_of
from esteio.http.rules import rules
from esteio.jobs.census import Census, unattended
from esteio.jobs.kinds import QUEUES
from esteio.manifest import Degraded
from esteio.resources import Resources
from esteio.runtime.readiness import Readiness
from esteio.telemetry.metrics import CONTENT_TYPE, exposition

DETAIL = "health:read"
METRICS = "metrics:read"
WITHIN = 2.0

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


@v2.get("/health", summary="Health", response_model=Envelope[dict[str, Any]])
@rules(quiet=True)
async def health_report(
    request: Request, detailed: Annotated[bool, Query(description="Name each part; needs health:read")] = False
) -> Answer:
    """Whether the service is well; each part's state for callers with `health:read`."""
    readiness = _readiness(request)
    data: dict[str, Any] = {"status": "ok" if await readiness.ready() else "unavailable"}
    if detailed and exchange_of(request.scope).principal.may(DETAIL):
        data["parts"] = {**await readiness.report(), "jobs": await _jobs(readiness.resources.database)}
    return Answer(data, cache_control="no-store")


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
    """All processes of this server, in the Prometheus text format."""
    census: Census = request.app.state.census
    shown = exposition() + await census.exposition()
    return Response(shown, 200, {"cache-control": "no-store"}, CONTENT_TYPE)
