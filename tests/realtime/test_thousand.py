"""A thousand sockets on one process."""

import asyncio
import json
import resource
from collections.abc import Callable, Iterator

import pytest
from websockets.asyncio.client import ClientConnection, connect

from esteio.embedded.engines import Engines
from tests.cli.command import Server, serving
from tests.house import ADMIN_KEY, environment, sql, unused_port
from tests.realtime.client import FACTS, TENANT, socket_url
from tests.realtime.conftest import ROOM
from tests.worker.processes import scheduler

SOCKETS = 1_000
EVENTS = 20
AT_ONCE = 50
WITHIN = 60.0


@pytest.fixture
def enough_files() -> Iterator[None]:
    """As many descriptors as the system lets this process and its children have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8_192 if hard == resource.RLIM_INFINITY else min(8_192, hard)
    assert wanted > 3 * SOCKETS, "this system does not let a process open so many sockets"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def entered(url: str, room: asyncio.Semaphore) -> ClientConnection:
    async with room:
        line = await connect(
            url, additional_headers={"X-API-Key": ADMIN_KEY}, compression=None, open_timeout=WITHIN, proxy=None
        )
        await line.send('{"type": "subscribe", "channel": "pets"}')
        assert json.loads(await line.recv())["type"] == "subscribed"
        return line


async def heard(line: ClientConnection) -> list[int]:
    return [json.loads(await line.recv())["data"]["n"] for _ in range(EVENTS)]


async def listen(server: Server, tell: Callable[[], object]) -> None:
    room = asyncio.Semaphore(AT_ONCE)
    lines = await asyncio.gather(*(entered(socket_url(server.url), room) for _ in range(SOCKETS)))
    async with asyncio.timeout(WITHIN):
        await asyncio.to_thread(tell)
        everyone = await asyncio.gather(*(heard(line) for line in lines))
    assert everyone == [list(range(1, EVENTS + 1))] * SOCKETS
    for line in lines:
        line.transport.abort()


def test_all_of_them_hear_everything_in_order(
    engines: Engines, new_database: Callable[[], str], new_redis: Callable[[], str], enough_files: None
) -> None:
    """A thousand sockets of one served process hear twenty events each, all of them, in order."""
    url = new_database()
    given = environment(url, new_redis(), **ROOM)
    with scheduler(given, services=None), serving(unused_port(), environment=given) as server:
        asyncio.run(listen(server, lambda: sql(url, FACTS, TENANT, "pet.fed", "x", 1, EVENTS, "{}")))
