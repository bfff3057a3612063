"""P11: one event to many sockets, the server's CPU for each message that arrived, against a bare ASGI loop.

Ours is told the way every fact is: it is committed to the outbox, a scheduler carries it to Redis, the API process
hears it there. The scheduler's CPU is not the server's; it does its work once an event, however many listen. The bare
app is given the same bytes by an HTTP request. The next event comes when everybody has heard the last.
"""

import asyncio
import math
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from bench import house_service, programs, sample, subject, workshop
from bench.house import House
from bench.listeners import Audience, listening
from bench.load import HOST
from bench.points import Point
from bench.report import Line, verdict
from bench.servers import App, Server, serving, uvicorn
from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.events.events import tell
from esteio.resources import open_resources

DATABASE, REDIS_DB = "bench_sockets", 14
FEW, MANY = 100, 1_000
BAR = 1.5
SUBSCRIBE = b'{"type":"subscribe","channel":"bench"}'
SERVICES = "bench.house_service:SERVICES"
WEBSOCKETS = ("--ws", "websockets-sansio", "--ws-per-message-deflate", "false")

Tell = Callable[[bytes], Awaitable[None]]
"""Lets one event happen; a bare app is given the bytes to send."""


@dataclass
class Side:
    """A server with what its listeners say, and microseconds of CPU a message, a value per round for each size."""

    server: Server
    path: str
    first: bytes
    keys: tuple[str, ...]
    tell: Tell
    costs: dict[int, list[float]] = field(default_factory=lambda: {FEW: [], MANY: []})

    async def take(self, sockets: int, seconds: float, text: bytes) -> bytes:
        """Events for so long; the last message that was heard."""
        headers = [{"X-API-Key": key} for key in self.keys[:sockets]]
        async with listening(self.server.port, self.path, headers, self.first) as audience:
            await self._event(audience, sockets, text)
            begun, spent, before = time.monotonic(), self.server.cpu_spent(), audience.heard
            while time.monotonic() < begun + seconds:
                await self._event(audience, sockets, text)
            spent = self.server.cpu_spent() - spent
            self.costs[sockets].append(spent / (audience.heard - before) * 1e6)
            return audience.last

    async def _event(self, audience: Audience, sockets: int, text: bytes) -> None:
        audience.expect(sockets)
        await self.tell(text)
        await audience.wait()

    def cost(self, sockets: int) -> float:
        return statistics.median(self.costs[sockets])


def lines(house: House, known: dict[str, Point], times: int, seconds: float) -> list[Line]:
    """A hundred and a thousand sockets, ours and the bare app's in turns."""
    engines = house.engines
    engines.psql(f"CREATE DATABASE {DATABASE}", "esteio")
    keys = asyncio.run(subject.prepare(engines, DATABASE))
    environment = subject.environment(engines, REDIS_DB, DATABASE)
    ours = App("esteio-sockets", ("-m", "bench.house_service", "--port", "{port}"), environment, keys)
    bare = App("bare-sockets", (*uvicorn("bench.peers.bare_sockets:app"), *WEBSOCKETS), keys=keys)
    scheduler = ("-m", "esteio", "scheduler", "--services", SERVICES)
    with (
        programs.running("sockets-scheduler", scheduler, environment, engines.directory, '"scheduler.ready"'),
        serving(ours, engines.directory, programs.surroundings({})) as our_server,
        serving(bare, engines.directory, programs.surroundings({})) as bare_server,
    ):
        return _lines(*asyncio.run(_measure(environment, our_server, bare_server, keys, times, seconds)))


async def _measure(
    environment: dict[str, str], ours: Server, bare: Server, keys: tuple[str, ...], times: int, seconds: float
) -> tuple[Side, Side]:
    async with _outbox(environment) as happen, httpx.AsyncClient(trust_env=False) as client:

        async def post(text: bytes) -> None:
            (await client.post(f"http://{HOST}:{bare.port}/", content=text)).raise_for_status()

        our_side = Side(ours, "/ws", SUBSCRIBE, keys, happen)
        bare_side = Side(bare, "/", b"", keys, post)
        for _ in range(times):
            for sockets in (FEW, MANY):
                text = await our_side.take(sockets, seconds, b"")
                await bare_side.take(sockets, seconds, text)
        return our_side, bare_side


@asynccontextmanager
async def _outbox(environment: dict[str, str]) -> AsyncIterator[Tell]:
    """Commits a fact about a pet, as a use case does."""
    resources = workshop.resources_of(environment)
    async with open_resources(resources):

        async def happen(_: bytes) -> None:
            at = datetime.now(UTC)
            fact = house_service.Happened(pet=sample.pet(1))
            async with transaction(resources.database, DEFAULT_TENANT) as session:
                tell(
                    session,
                    house_service.HAPPENED,
                    fact,
                    subject=new_id(),
                    tenant=DEFAULT_TENANT,
                    principal=workshop.PRINCIPAL,
                    at=at,
                )

        yield happen


def _lines(ours: Side, bare: Side) -> list[Line]:
    ratio = ours.cost(MANY) / bare.cost(MANY)
    exponent = math.log(ours.cost(MANY) / ours.cost(FEW)) / math.log(MANY / FEW)
    bare_exponent = math.log(bare.cost(MANY) / bare.cost(FEW)) / math.log(MANY / FEW)
    return [
        Line(
            "P11",
            f"1 event to {MANY} sockets, a message",
            f"{ours.cost(MANY):.1f} µs",
            against=f"bare {bare.cost(MANY):.1f} µs",
            ratio=f"{ratio:.3f}",
            bar=f"≤ {BAR}",
            met=verdict(ratio, BAR),
        ),
        _growth("sockets", ours, exponent),
        _growth("sockets, bare ASGI", bare, bare_exponent),
    ]


def _growth(what: str, side: Side, exponent: float) -> Line:
    figure = f"{side.cost(FEW):.1f} → {side.cost(MANY):.1f} µs"
    return Line("P11", f"{what} {FEW} → {MANY}", figure, ratio=f"exponent {exponent:.2f}")
