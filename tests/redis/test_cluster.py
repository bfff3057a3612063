"""A Cluster: keys of a tenant together, each at its primary, also when that changes."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from redis.crc import key_slot
from redis.exceptions import ResponseError

from esteio.redis.bulletin import Bulletin
from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from esteio.redis.keys import key
from esteio.redis.script import Script
from tests.redis.topologies import Clustered, Node, clustered
from tests.redis.valkey_process import comes_true

pytestmark = pytest.mark.anyio
ADD = Script("redis.call('INCR', KEYS[1]) return redis.call('INCRBY', KEYS[2], ARGV[1])")


@pytest.fixture(scope="module")
def servers() -> Iterator[Clustered]:
    with clustered() as running:
        yield running


@pytest.fixture
async def client(servers: Clustered):
    client = RedisClient(servers.url, deadline=2.0)
    await client.open()
    yield client
    await client.close()


def owner(servers: Clustered, name: str) -> Node:
    """The primary that has a key."""
    for node in servers.nodes:
        if node.process.poll() is None and node.is_primary and not node.ask("GET", name).startswith(b"-MOVED"):
            return node
    raise AssertionError(f"nobody has {name}")


async def test_each_tenant_at_its_primary(client: RedisClient, servers: Clustered) -> None:
    """Commands, batches and scripts of many tenants reach the primaries that have their keys."""
    for tenant in range(40):
        first, second = key("trial", tenant, "a"), key("trial", tenant, "b")
        assert await client.batch([("SET", first, 1), ("GET", first), ("LPUSH", first, 1)]) != []
        assert await client.run(ADD, [first, second], [5]) == 5
        assert owner(servers, second).ask("GET", second) == b"$1\r\n5\r\n"
    used = {key_slot(key("trial", tenant, "a").encode()) // (16384 // 3 + 1) for tenant in range(40)}
    assert used == {0, 1, 2}


async def test_an_error_in_a_batch_stands_in_its_place(client: RedisClient) -> None:
    """A command error is the answer of its command alone."""
    name = key("trial", "batch", "a")
    answers = await client.batch([("SET", name, "x"), ("LPUSH", name, 1), ("GET", name)])
    assert answers[0] == b"OK" and isinstance(answers[1], ResponseError) and answers[2] == b"x"


async def test_news_reach_every_process(client: RedisClient, servers: Clustered) -> None:
    """What one process publishes at any node reaches subscribers at any other."""
    others = [RedisClient(servers.url, deadline=2.0) for _ in range(4)]
    heard: list[bytes] = []
    bulletins = [Bulletin(other) for other in others]
    for bulletin in bulletins:
        bulletin.on("news", heard.append)
        await bulletin.open()
    await comes_true(lambda: all(bulletin.connected for bulletin in bulletins))
    await bulletins[0].publish("news", b"one")
    await client.execute("PUBLISH", key("bulletin", "-", "news"), b"two")
    await comes_true(lambda: sorted(heard) == [b"one"] * 4 + [b"two"] * 4)
    for bulletin, other in zip(bulletins, others, strict=True):
        await bulletin.close()
        await other.close()


async def test_a_slot_on_its_way(client: RedisClient, servers: Clustered) -> None:
    """While a slot moves, and after it has, each command takes effect once, at whoever has the key."""
    name = key("moving", "tenant", "counter")
    slot = str(key_slot(name.encode()))
    assert await client.execute("INCR", name) == 1
    source = owner(servers, name)
    target = next(one for one in servers.nodes if one.is_primary and one is not source)
    identities = [one.ask("CLUSTER", "MYID").splitlines()[1].decode() for one in (source, target)]
    assert target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", identities[0]) == b"+OK\r\n"
    assert source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", identities[1]) == b"+OK\r\n"
    other = key("moving", "tenant", "another")
    assert await client.execute("INCR", name) == 2
    assert await client.execute("INCR", other) == 1, "made where the slot is going"
    assert await client.batch([("INCR", name), ("INCR", other), ("GET", name)]) == [3, 2, b"3"]
    moved = source.ask("MIGRATE", "127.0.0.1", str(target.port), name, "0", "5000", "AUTH", target.password)
    assert moved == b"+OK\r\n"
    assert await client.execute("INCR", name) == 4
    for one in servers.nodes:
        if one.is_primary:
            assert one.ask("CLUSTER", "SETSLOT", slot, "NODE", identities[1]) == b"+OK\r\n"
    assert await client.execute("INCR", name) == 5
    assert await client.batch([("INCR", other), ("GET", name)]) == [3, b"5"]
    assert owner(servers, name) is target


@pytest.mark.parametrize("fault", ["kill", "freeze"])
async def test_another_primary(fault: str) -> None:
    """A primary that dies or falls silent is refused at once, for all keys; when its replica has taken its place
    everything is served again without a restart."""
    with clustered() as servers:
        client = RedisClient(servers.url, deadline=1.0)
        await client.open()
        names = [key("trial", tenant, "a") for tenant in range(20)]
        for name in names:
            await client.execute("SET", name, "1")
        lost = servers.nodes[0]
        getattr(lost, fault)()
        with pytest.raises(RedisUnavailable):
            for name in names * 2:
                await client.execute("GET", name)
        assert not client.available
        await comes_true(lambda: servers.nodes[3].is_primary, 60)
        await comes_true(lambda: client.available, 60)
        for name in names:
            assert await client.execute("GET", name) in (b"1", None)
            assert await client.execute("SET", name, "2") == b"OK"
        await client.close()


def broken(servers: Clustered, name: str, kind: str) -> list[Node]:
    """Take the part that has a key away from a Cluster: its primary and replica die, or it is nobody's any more. Who
    is left."""
    lost = owner(servers, name)
    pair = servers.nodes.index(lost) % 3
    if kind == "nodes":
        servers.nodes[pair].kill()
        servers.nodes[pair + 3].kill()
        return [one for one in servers.nodes if one.process.poll() is None]
    for one in servers.nodes:
        assert one.ask("CONFIG", "SET", "cluster-require-full-coverage", "no") == b"+OK\r\n"
        one.ask("CLUSTER", "DELSLOTS", str(key_slot(name.encode())))
    return servers.nodes


def mended(left: list[Node], kind: str, name: str) -> None:
    """Give what was lost to a primary that is left, as an operator does."""
    taking = next(one for one in left if one.is_primary)
    if kind == "slot":
        assert taking.ask("CLUSTER", "ADDSLOTS", str(key_slot(name.encode()))) == b"+OK\r\n"
        return
    lines = taking.ask("CLUSTER", "NODES").decode().splitlines()
    gone = [line.split() for line in lines if "fail" in line]
    for identity, *_ in gone:
        for one in left:
            one.ask("CLUSTER", "FORGET", identity)
    [ranges] = [line[8].split("-") for line in gone if len(line) > 8]
    assert taking.ask("CLUSTER", "ADDSLOTSRANGE", *ranges) == b"+OK\r\n"


@pytest.mark.parametrize("kind", ["nodes", "slot"])
async def test_a_part_is_lost(kind: str) -> None:
    """Where nobody has a key any more every way of asking for it is unavailable and never a wrong command; once
    somebody has it again it is served, to whoever had seen the loss and the map before it."""
    name = key("trial", "lost", "a")
    with clustered() as servers:
        client = RedisClient(servers.url, deadline=5.0)
        await client.open()
        assert await client.execute("SET", name, "1") == b"OK"
        left = broken(servers, name, kind)
        if kind == "nodes":
            await comes_true(lambda: all(b"cluster_state:fail" in one.ask("CLUSTER", "INFO") for one in left), 60)
        knowing = [client, *(RedisClient(servers.url, deadline=5.0) for _ in range(3))]
        for who, ask in zip(knowing, asking(name), strict=True):
            with pytest.raises(RedisUnavailable):
                await ask(who)
        if kind == "nodes":
            for tenant in range(12):
                stranger = RedisClient(servers.url, deadline=5.0)
                with pytest.raises(RedisUnavailable):
                    await stranger.execute("GET", key("trial", tenant, "a"))
                await stranger.close()
        mended(left, kind, name)
        await comes_true(lambda: all(b"cluster_state:ok" in one.ask("CLUSTER", "INFO") for one in left), 60)
        for who in knowing:
            await comes_true(lambda who=who: who.available, 60)
            assert await who.execute("INCR", name) > 0
            await who.close()


def asking(name: str) -> list[Callable[[RedisClient], Coroutine[Any, Any, Any]]]:
    return [
        lambda client: client.execute("GET", name),
        lambda client: client.batch([("SET", name, 1), ("GET", name)]),
        lambda client: client.run(ADD, [name, name], [5]),
        lambda client: client.execute("SET", name, "2"),
    ]


async def test_keys_between_two_nodes(client: RedisClient, servers: Clustered) -> None:
    """A command whose keys lie at two nodes while their slot moves is unavailable; no other is refused with it."""
    here, there = key("between", "tenant", "here"), key("between", "tenant", "there")
    slot, source = str(key_slot(here.encode())), owner(servers, here)
    target = next(one for one in servers.nodes if one.is_primary and one is not source)
    identities = [one.ask("CLUSTER", "MYID").splitlines()[1].decode() for one in (source, target)]
    await client.execute("INCR", here)
    try:
        assert target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", identities[0]) == b"+OK\r\n"
        assert source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", identities[1]) == b"+OK\r\n"
        with pytest.raises(RedisUnavailable):
            await client.run(ADD, [here, there], [5])
        assert client.available
        assert await client.execute("INCR", here) == 2
    finally:
        for one in (source, target):
            one.ask("CLUSTER", "SETSLOT", slot, "STABLE")
