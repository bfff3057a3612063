"""From facts to deliveries, in one process with the outbox of a real database."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import orjson
import pytest
from pydantic import BaseModel

from esteio.base.clock import SystemClock
from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.events.events import EventType, tell
from esteio.resources import Resources, open_resources
from esteio.runtime.opening import make_resources, sections
from esteio.settings import read_settings
from esteio.webhooks.fanout import Fanout
from esteio.webhooks.messages import LARGEST, body_of, wants
from tests.auth.desk import rows
from tests.house import environment

pytestmark = pytest.mark.anyio


class Words(BaseModel):
    words: str


SAID = EventType("thing.said", Words, "Something was said.")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def given(new_database: Callable[[], str], new_redis: Callable[[], str]) -> dict[str, str]:
    return environment(new_database(), new_redis())


@pytest.fixture
async def resources(given: dict[str, str]) -> AsyncIterator[Resources]:
    settings = read_settings(sections(()), environ=given)
    async with open_resources(make_resources(settings, SystemClock())) as opened:
        yield opened


async def ask(resources: Resources, statement: str, *values: Any) -> list[Any]:
    """Ask the database past every policy."""
    return await rows(resources.database.settings.url.get_secret_value(), statement, *values)


async def new_endpoint(resources: Resources, *events: str, enabled: bool = True) -> UUID:
    endpoint = new_id()
    await ask(
        resources,
        "INSERT INTO webhook_endpoints (id, tenant_id, url, description, events, signing, enabled, created_by, version)"
        " VALUES ($1, $2, 'https://example.com/', '', $3, 'v1', $4, 'test', 1)",
        endpoint,
        DEFAULT_TENANT,
        list(events),
        enabled,
    )
    return endpoint


async def say(resources: Resources, *words: str) -> None:
    async with transaction(resources.database, DEFAULT_TENANT) as session:
        for one in words:
            at = resources.clock.now()
            tell(session, SAID, Words(words=one), subject=new_id(), tenant=DEFAULT_TENANT, principal="test", at=at)


async def written(resources: Resources) -> list[Any]:
    statement = (
        "SELECT d.endpoint_id, d.body, d.event_id, j.lane, j.request_id FROM webhook_deliveries d "
        "JOIN jobs j ON j.unique_key = 'delivery:' || d.id ORDER BY d.created_at, d.id"
    )
    return await ask(resources, statement)


async def test_each_endpoint_that_asks_gets_each_fact_once(resources: Resources) -> None:
    """A delivery and its job for every fact and endpoint that asks for it, in its endpoint's lane; none for others."""
    asking = [await new_endpoint(resources, "thing.*"), await new_endpoint(resources, "*", "thing.said")]
    await new_endpoint(resources, "pet.*")
    await new_endpoint(resources, "*", enabled=False)
    await say(resources, "one", "two")
    fanout = Fanout(resources.database)
    assert await fanout.once() is False
    found = await written(resources)
    assert len(found) == 4 and {row["endpoint_id"] for row in found} == set(asking)
    assert all(row["lane"] == row["endpoint_id"] for row in found)
    assert await ask(resources, "SELECT 1 FROM outbox_queue WHERE consumer = 'fanout'") == []
    await fanout.once()
    assert len(await written(resources)) == 4


async def test_a_round_that_is_done_again_adds_nothing(resources: Resources) -> None:
    """Where a process died after its deliveries were committed, the next round finds them there."""
    await new_endpoint(resources, "*")
    await say(resources, "one")
    queued = await ask(resources, "SELECT * FROM outbox_queue WHERE consumer = 'fanout'")
    await Fanout(resources.database).once()
    for row in queued:
        await ask(resources, "INSERT INTO outbox_queue VALUES ('fanout', $1, $2)", row["position"], row["tenant_id"])
    await Fanout(resources.database).once()
    assert len(await written(resources)) == 1
    assert len(await ask(resources, "SELECT 1 FROM job_tickets")) == 1


async def test_what_was_told_is_what_is_kept(resources: Resources) -> None:
    """The body is the fact: its type, its time, its data, in exact bytes."""
    await new_endpoint(resources, "*")
    await say(resources, "é \u2028 \U0001f600")
    await Fanout(resources.database).once()
    [row] = await written(resources)
    body = orjson.loads(row["body"])
    assert (body["type"], body["data"]) == ("thing.said", {"words": "é \u2028 \U0001f600"})
    assert body["timestamp"].endswith("Z")


async def test_a_large_fact_is_told_by_its_subject(resources: Resources) -> None:
    """A body is smaller than 20 kB: what would be larger names its subject in place of its data."""
    await new_endpoint(resources, "*")
    await say(resources, "x" * LARGEST, "y")
    await Fanout(resources.database).once()
    bodies = [orjson.loads(row["body"]) for row in await written(resources)]
    [thin] = [body for body in bodies if body["data"].get("too_large")]
    assert UUID(thin["data"]["id"]) and thin["type"] == "thing.said"
    assert all(len(row["body"]) < LARGEST for row in await written(resources))


async def test_the_edge_of_large() -> None:
    """A body of 19 999 bytes is sent whole."""
    at = SystemClock().now()
    empty = len(body_of("a.b", at, b'{"x":""}', "s"))
    whole = body_of("a.b", at, b'{"x":"%s"}' % (b"x" * (LARGEST - 1 - empty)), "s")
    assert len(whole) == LARGEST - 1
    assert b"too_large" in body_of("a.b", at, b'{"x":"%s"}' % (b"x" * (LARGEST - empty)), "s")


@pytest.mark.parametrize(
    ("patterns", "event", "wanted"),
    [
        (["*"], "pet.fed", True),
        (["pet.*"], "pet.fed", True),
        (["pet.*"], "pets.fed", False),
        (["pet.*"], "petted.fed", False),
        (["pet.fed"], "pet.fed", True),
        (["pet.fed"], "pet.fed_again", False),
        (["*", "task.*", "task.running"], "task.running", False),
        ([], "pet.fed", False),
    ],
)
async def test_patterns(patterns: list[str], event: str, wanted: bool) -> None:
    """Names, families and everything match what they say; progress of tasks is never sent."""
    assert wants(patterns, event) is wanted
