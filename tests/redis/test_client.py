"""The client ends every call in time, pays for a dead server once, and heals by itself."""

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest
from redis.exceptions import ResponseError

from esteio.redis.client import RedisClient
from esteio.redis.deadline import Deadline
from esteio.redis.errors import RedisUnavailable
from esteio.redis.script import Script
from tests.redis.valkey_process import ValkeyProcess, comes_true

pytestmark = pytest.mark.anyio

WITHIN = 5.0
"""Seconds in which a call has ended whatever the server does: the deadline, on a machine that is busy with others."""


@pytest.fixture
async def client(valkey: ValkeyProcess):
    client = RedisClient(valkey.url)
    await client.open()
    yield client
    await client.close()


async def healed(client: RedisClient) -> None:
    await comes_true(lambda: client.available, seconds=10.0)


async def refusal(client: RedisClient) -> float:
    """How long a call took to be refused."""
    start = time.monotonic()
    with pytest.raises(RedisUnavailable):
        await client.execute("PING")
    return time.monotonic() - start


async def test_commands_and_batches_answer_in_order(client: RedisClient):
    """A batch is one round trip whose answers, errors included, stand in the order of its commands."""
    before = client.round_trips
    answers = await client.batch([("SET", "a", 1), ("LPUSH", "a", 2), ("GET", "a")])
    assert client.round_trips == before + 1
    assert answers[0] == b"OK"
    assert isinstance(answers[1], ResponseError)
    assert answers[2] == b"1"
    assert await client.execute("GET", "missing") is None


async def test_a_wrong_command_blames_the_command_and_not_the_server(client: RedisClient):
    """A command error is raised as it is, and the next call is served."""
    await client.execute("SET", "text", "x")
    with pytest.raises(ResponseError):
        await client.execute("INCR", "text")
    assert client.available
    assert await client.execute("GET", "text") == b"x"


async def test_a_lost_script_is_given_again(client: RedisClient):
    """After SCRIPT FLUSH the same call works."""
    script = Script("return ARGV[1]")
    assert await client.run(script, [], ["one"]) == b"one"
    await client.execute("SCRIPT", "FLUSH")
    assert await client.run(script, [], ["two"]) == b"two"


async def test_a_silent_server_costs_one_deadline_and_then_nothing(client: RedisClient, valkey: ValkeyProcess):
    """A stopped server is refused within the deadline, then without being tried, and is found again."""
    valkey.silence()
    assert await refusal(client) < WITHIN
    tried = client.round_trips
    for _ in range(50):
        await refusal(client)
    assert client.round_trips == tried
    valkey.resume()
    await healed(client)
    assert await client.execute("PING") == b"PONG"


async def test_a_restarted_server_is_found_again(client: RedisClient, valkey: ValkeyProcess):
    """A server that is gone is refused in time, and one that returns is used again."""
    valkey.stop()
    assert await refusal(client) < WITHIN
    assert not client.available
    valkey.start()
    await healed(client)
    assert await client.execute("PING") == b"PONG"


async def test_a_quick_restart_between_two_calls_is_not_noticed(valkey: ValkeyProcess):
    """A connection that the server closed while it lay idle is replaced before it is used."""
    client = RedisClient(valkey.url, deadline=2.0)
    assert await client.execute("PING") == b"PONG"
    await asyncio.to_thread(valkey.stop)
    await asyncio.to_thread(valkey.start)
    assert await client.execute("PING") == b"PONG"
    assert client.failures == 0
    await client.close()


async def test_many_calls_in_a_silence_wait_no_longer_than_one(valkey: ValkeyProcess):
    """Two hundred calls at once over four lines into a silent server do not wait for one another's deadlines."""
    client = RedisClient(valkey.url, most_lines=4)
    await client.open()
    valkey.silence()
    start = time.monotonic()
    answers = await asyncio.gather(*(client.execute("PING") for _ in range(200)), return_exceptions=True)
    assert time.monotonic() - start < 20 * client.deadline, "in turn they would take fifty deadlines"
    assert all(isinstance(answer, RedisUnavailable) for answer in answers)
    await client.close()


@pytest.fixture
def mute() -> Iterator[str]:
    """A listener that accepts nothing and says nothing: packets seem to vanish."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


async def test_opening_against_a_mute_address_ends_in_time(mute: str):
    """Opening does not fail and does not hang where nobody answers, and the next call is refused at once."""
    client = RedisClient(mute)
    start = time.monotonic()
    await client.open()
    assert time.monotonic() - start < WITHIN
    assert not client.available
    tried = client.round_trips
    await refusal(client)
    assert client.round_trips == tried
    await client.close()


async def test_a_full_server_is_unavailable_and_not_wrong(client: RedisClient):
    """A server out of memory is a 503 with Retry-After, never an unknown error."""
    await client.execute("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(RedisUnavailable) as refused:
        await client.execute("SET", "a", "b")
    assert refused.value.status == 503
    assert int(refused.value.headers["Retry-After"]) >= 1


async def test_a_pause_of_this_process_is_not_the_servers_fault(valkey: ValkeyProcess):
    """When the event loop was held up past the deadline in the middle of connecting, the call still succeeds."""
    client = RedisClient(valkey.url, deadline=0.5)
    asking = asyncio.create_task(client.execute("PING"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    time.sleep(client.deadline * 2)  # noqa: ASYNC251  # the loop is held up on purpose
    assert await asking == b"PONG"
    assert client.failures == 0
    await client.close()


async def test_a_deadline_ends_what_takes_too_long():
    """The limit is kept when the process itself is well."""
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        async with Deadline(0.05):
            await asyncio.Event().wait()
    assert 0.04 < time.monotonic() - start < WITHIN


async def test_a_cancelled_call_leaves_no_answer_for_the_next(client: RedisClient):
    """Whoever asks after a cancelled call gets its own answer."""
    for _ in range(20):
        asking = asyncio.create_task(client.execute("ECHO", "old"))
        await asyncio.sleep(0)
        asking.cancel()
        assert await client.execute("ECHO", "new") == b"new"
