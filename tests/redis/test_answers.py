"""What a server says that lives but cannot serve: it is unavailable, whoever says it, and in what words."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from redis.exceptions import ResponseError

from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from esteio.redis.script import Script
from tests.redis.valkey_process import ValkeyProcess, comes_true

pytestmark = pytest.mark.anyio
TEN = Script("return 10")

UNFIT = [
    "BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.",
    "CLUSTERDOWN Hash slot not served",
    "CLUSTERDOWN The cluster is down",
    "CLUSTERDOWN The cluster is down and only accepts read commands",
    "DENIED Running in protected mode because protected mode is enabled and no password is set for the default user.",
    "ERR max number of clients reached",
    "ERR max number of clients + cluster connections reached",
    "LOADING Valkey is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "MISCONF Errors writing to the AOF file: No space left on device",
    "MISCONF Valkey is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "NOAUTH Authentication required.",
    "NOREPLICAS Not enough good replicas to write.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
    "WRONGPASS invalid username-password pair or user is disabled.",
]
PASSING = ["TRYAGAIN Multiple keys request during rehashing of slot"]
WRONG = [
    "BUSYGROUP Consumer Group name already exists",
    "CROSSSLOT Keys in request don't hash to the same slot",
    "ERR unknown command 'OOM'",
    "EXECABORT Transaction discarded because of previous errors.",
    "NOPERM User a has no permissions to run the 'get' command",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
]


@asynccontextmanager
async def saying(words: str) -> AsyncIterator[RedisClient]:
    """A client of somebody who answers everything with these words, once a connection stands."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while asked := await reader.read(4096):
                settling = b"HELLO" in asked or b"CLIENT" in asked or b"SELECT" in asked
                writer.write(b"+OK\r\n" if settling else f"-{words}\r\n".encode() * asked.count(b"*"))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        client = RedisClient(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", deadline=5.0)
        yield client
        await client.close()


CALLS: dict[str, Callable[[RedisClient], object]] = {
    "a command": lambda client: client.execute("GET", "a"),
    "a batch": lambda client: client.batch([("SET", "a", 1), ("GET", "a")]),
    "a script": lambda client: client.run(TEN, ["a"], [1]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("words", UNFIT)
async def test_unfit(words: str, call: str) -> None:
    """Each way to say that the server cannot serve is a 503, and known to be so until a probe is answered."""
    async with saying(words) as client:
        with pytest.raises(RedisUnavailable):
            await CALLS[call](client)  # type: ignore[misc]
        assert not client.available


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("words", PASSING)
async def test_keys_on_their_way(words: str, call: str) -> None:
    """Keys between two nodes are unavailable; the others are asked for as before."""
    async with saying(words) as client:
        for _ in range(2):
            with pytest.raises(RedisUnavailable, match="Multiple keys"):
                await CALLS[call](client)  # type: ignore[misc]
        assert client.available and client.round_trips == 2


@pytest.mark.parametrize("words", WRONG)
async def test_a_wrong_command(words: str) -> None:
    """An answer that blames the command is the caller's to see, and the server goes on being asked."""
    async with saying(words) as client:
        with pytest.raises(ResponseError):
            await client.execute("GET", "a")
        assert all(isinstance(one, ResponseError) for one in await client.batch([("GET", "a"), ("GET", "b")]))
        assert client.available


STATES: dict[str, list[tuple[str, ...]]] = {
    "full": [("CONFIG", "SET", "maxmemory", "1")],
    "a replica": [("REPLICAOF", "127.0.0.1", "1")],
    "a replica that serves nothing stale": [
        ("CONFIG", "SET", "replica-serve-stale-data", "no"),
        ("REPLICAOF", "127.0.0.1", "1"),
    ],
    "without replicas": [("CONFIG", "SET", "min-replicas-to-write", "1")],
    "crowded": [("CONFIG", "SET", "maxclients", "1")],
    "secured": [("CONFIG", "SET", "requirepass", "secret")],
}


@pytest.mark.parametrize("state", STATES)
async def test_real_servers(valkey: ValkeyProcess, state: str) -> None:
    """A real server in that state is unavailable to every way of asking that it refuses."""
    for words in STATES[state]:
        assert valkey.ask(*words) == b"+OK\r\n", words
    with socket.socket(socket.AF_UNIX) as another:
        another.connect(str(valkey.socket))  # the only client for whom the crowded one has room
        for call in (lambda of: of.execute("SET", "a", 1), lambda of: of.batch([("SET", "a", 1)] * 2)):
            client = RedisClient(valkey.url, deadline=5.0)
            with pytest.raises(RedisUnavailable):
                await call(client)
            assert not client.available
            await client.close()


async def test_a_busy_server(valkey: ValkeyProcess) -> None:
    """A server that a script keeps busy is unavailable, and served again once it is not."""
    valkey.ask("CONFIG", "SET", "busy-reply-threshold", "1")
    client = RedisClient(valkey.url, deadline=5.0)
    await client.open()
    endless = threading.Thread(target=valkey.ask, args=("EVAL", "while true do end", "0"))
    endless.start()
    await comes_true(lambda: valkey.ask("PING").startswith(b"-BUSY"))
    with pytest.raises(RedisUnavailable):
        await client.execute("GET", "a")
    assert valkey.ask("SCRIPT", "KILL") == b"+OK\r\n"
    await asyncio.to_thread(endless.join, 30)
    await comes_true(lambda: client.available)
    assert await client.execute("GET", "a") is None
    await client.close()
