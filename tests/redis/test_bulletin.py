"""The bulletin delivers at once, or tells that it may not have."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from esteio.redis.bulletin import Bulletin
from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from tests.redis.valkey_process import ValkeyProcess, comes_true

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def process_of(url: str, deadline: float = 2.0):
    client = RedisClient(url, deadline=deadline)
    await client.open()
    bulletin = Bulletin(client)
    yield bulletin
    await bulletin.close()
    await client.close()


async def test_a_message_reaches_every_process_at_once(valkey: ValkeyProcess):
    """What one process publishes reaches another and itself, once each, on that topic only."""
    async with process_of(valkey.url) as one, process_of(valkey.url) as other:
        heard: list[tuple[str, bytes]] = []
        one.on("keys", lambda payload: heard.append(("one", payload)))
        other.on("keys", lambda payload: heard.append(("other", payload)))
        other.on("roles", lambda payload: heard.append(("roles", payload)))
        await one.open()
        await other.open()
        await one.publish("keys", b"\x00revoked")
        await comes_true(lambda: len(heard) >= 2)
        assert sorted(heard) == [("one", b"\x00revoked"), ("other", b"\x00revoked")]


async def test_a_topic_added_later_is_heard(valkey: ValkeyProcess):
    """A handler added while running hears its topic, and is told of the gap before that."""
    async with process_of(valkey.url) as bulletin:
        heard: list[bytes] = []
        await bulletin.open()
        assert bulletin.connected
        before = bulletin.gaps
        bulletin.on("late", heard.append)
        await comes_true(lambda: bulletin.gaps > before)
        await bulletin.publish("late", b"news")
        await comes_true(lambda: heard == [b"news"])


async def test_a_failing_handler_hinders_no_other(valkey: ValkeyProcess):
    """The next handler and the next message are served after one raised."""

    def fail(payload: bytes) -> None:
        raise ValueError(payload)

    async with process_of(valkey.url) as bulletin:
        heard: list[bytes] = []
        bulletin.on("topic", fail)
        bulletin.on("topic", heard.append)
        await bulletin.open()
        await bulletin.publish("topic", b"1")
        await bulletin.publish("topic", b"2")
        await comes_true(lambda: heard == [b"1", b"2"])
        assert bulletin.connected


async def test_a_restart_is_told_as_a_gap_twice(valkey: ValkeyProcess):
    """Holders of copies hear of the loss when it happens and again when news flow, and then news do flow."""
    async with process_of(valkey.url) as bulletin:
        states: list[bool] = []
        heard: list[bytes] = []
        bulletin.on("topic", heard.append)
        bulletin.on_gap(lambda: states.append(bulletin.connected))
        await bulletin.open()
        states.clear()
        valkey.stop()
        await comes_true(lambda: len(states) == 1)
        assert not bulletin.connected
        valkey.start()
        await comes_true(lambda: len(states) == 2)
        assert states[-1] is True
        await comes_true(lambda: bulletin._client.available)
        await bulletin.publish("topic", b"after")
        await comes_true(lambda: heard == [b"after"])


async def test_a_silent_server_is_told_as_a_gap(valkey: ValkeyProcess):
    """A server that vanishes without closing anything is noticed by its silence, and so is its return."""
    async with process_of(valkey.url) as bulletin:
        await bulletin.open()
        before = bulletin.gaps
        valkey.silence()
        await comes_true(lambda: bulletin.gaps == before + 1)
        assert not bulletin.connected
        valkey.resume()
        await comes_true(lambda: bulletin.connected)
        assert bulletin.gaps == before + 2


async def test_a_quiet_subscription_stays(valkey: ValkeyProcess):
    """Beats keep an idle subscription alive without telling a gap."""
    async with process_of(valkey.url) as bulletin:
        bulletin._beat = 0.02
        await bulletin.open()
        before = bulletin.gaps
        heard = bulletin._heard
        await comes_true(lambda: bulletin._heard > heard + 0.2)
        assert bulletin.gaps == before
        assert bulletin.connected


async def test_opening_without_a_server_does_not_hang(valkey: ValkeyProcess):
    """Opening ends, publishing is a refusal, and the subscription stands soon after the server does."""
    valkey.stop()
    async with process_of(valkey.url, deadline=0.25) as bulletin:
        await bulletin.open()
        assert not bulletin.connected
        with pytest.raises(RedisUnavailable):
            await bulletin.publish("topic", b"lost")
        valkey.start()
        await comes_true(lambda: bulletin.connected)


async def test_closing_leaves_no_task(valkey: ValkeyProcess):
    """What a closed bulletin was waiting for is not waited for any longer."""
    async with process_of(valkey.url) as bulletin:
        before = asyncio.all_tasks()
        await bulletin.open()
        await comes_true(lambda: len(asyncio.all_tasks() - before) >= 3)
        await bulletin.close()
        await comes_true(lambda: asyncio.all_tasks() <= before)
