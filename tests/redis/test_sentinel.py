"""A primary that Sentinels name: it is found, and found again after another has become it."""

from collections.abc import Iterator

import pytest

from esteio.redis.bulletin import Bulletin
from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from tests.redis.topologies import PASSWORD, Watched, watched
from tests.redis.valkey_process import comes_true

pytestmark = pytest.mark.anyio


@pytest.fixture
def servers() -> Iterator[Watched]:
    with watched() as running:
        yield running


async def served(client: RedisClient) -> bool:
    try:
        return await client.execute("SET", "there", "yes") == b"OK"
    except RedisUnavailable:
        return False


async def until_served(client: RedisClient) -> None:
    await comes_true(lambda: client.available, 30)
    for _ in range(50):
        if await served(client):
            return
        await comes_true(lambda: client.available, 30)
    raise AssertionError("it was available, and served nothing")


async def test_what_is_written_is_on_the_primary(servers: Watched) -> None:
    """Commands, scripts and batches go to the primary that the Sentinels name, also past Sentinels that are gone."""
    servers.sentinels[0].kill()
    client = RedisClient(servers.url, deadline=2.0)
    await client.open()
    assert await client.batch([("SET", "a", "1"), ("GET", "a")]) == [b"OK", b"1"]
    assert servers.primary.ask("GET", "a") == b"$1\r\n1\r\n"
    await client.close()


@pytest.mark.parametrize("fault", ["kill", "freeze"])
async def test_another_primary(servers: Watched, fault: str) -> None:
    """A primary that dies or falls silent is refused at once, and its successor is found without a restart; a
    subscription that was lost with it is told of the gap and stands again."""
    client = RedisClient(servers.url, deadline=1.0)
    await client.open()
    bulletin = Bulletin(client)
    heard: list[bytes] = []
    bulletin.on("news", heard.append)
    await bulletin.open()
    await comes_true(lambda: bulletin.connected)
    gaps, old = bulletin.gaps, servers.primary
    getattr(old, fault)()
    with pytest.raises(RedisUnavailable):
        for _ in range(20):
            await client.execute("SET", "a", "1")
    await comes_true(lambda: servers.servers[1].is_primary, 60)
    await until_served(client)
    await comes_true(lambda: bulletin.connected and bulletin.gaps > gaps, 30)
    await bulletin.publish("news", b"after")
    await comes_true(lambda: heard == [b"after"], 30)
    await bulletin.close()
    await client.close()


async def test_a_primary_that_became_a_replica_is_not_written_to(servers: Watched) -> None:
    """After a planned change of roles what is written goes to the new primary, although the old one still answers."""
    client = RedisClient(servers.url, deadline=1.0)
    await client.open()
    old = servers.primary
    assert servers.sentinels[0].ask("SENTINEL", "FAILOVER", "esteio") == b"+OK\r\n"
    await comes_true(lambda: servers.servers[1].is_primary and not old.is_primary, 60)
    await until_served(client)
    assert servers.servers[1].ask("GET", "there") == b"$3\r\nyes\r\n"
    await client.close()


async def test_nobody_knows_the_primary(servers: Watched) -> None:
    """Without any Sentinel a call is refused within its deadline, and names what is missing to the operator."""
    for one in servers.sentinels:
        one.kill()
    client = RedisClient(servers.url, deadline=1.0)
    await client.open()
    with pytest.raises(RedisUnavailable) as refused:
        await client.execute("PING")
    assert "no Sentinel knows the primary of esteio" in str(refused.value.operator)
    await client.close()


async def test_a_server_that_may_not_be_asked_its_role_is_not_taken(servers: Watched) -> None:
    """Where the user lacks the right to `ROLE` nothing is sent, and the operator is told why; not half of the calls."""
    for one in servers.servers:
        assert one.ask("ACL", "SETUSER", "half", "on", f">{PASSWORD}", "~*", "&*", "+@all", "-role") == b"+OK\r\n"
    client = RedisClient(servers.url.replace("://:", "://half:"), deadline=1.0)
    await client.open()
    for _ in range(3):
        with pytest.raises(RedisUnavailable) as refused:
            await client.execute("SET", "a", "1")
        assert "does not say its role" in str(refused.value.operator)
    await client.close()
