"""The fields of an answer, read by a structured-fields parser."""

import time
from collections.abc import AsyncIterator

import http_sf
import pytest

from esteio.limits.decision import Decision
from esteio.limits.headers import fields
from esteio.limits.identity import Identity
from esteio.limits.limiter import Limiter
from esteio.limits.policy import Policy
from esteio.redis.client import RedisClient
from tests.redis.valkey_process import ValkeyProcess

pytestmark = pytest.mark.anyio

WHO = Identity("t", "caller")


@pytest.fixture
async def limiter(valkey: ValkeyProcess) -> AsyncIterator[Limiter]:
    client = RedisClient(valkey.url)
    await client.open()
    policies = [Policy.of("burst", "3/minute"), Policy.of("day", "1000/day"), Policy("shade", 5, 60, mode="shadow")]
    limiter = Limiter(client, policies)
    await limiter.open()
    yield limiter
    await limiter.close()
    await client.close()


def read(decision: Decision) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in fields(decision)}


async def test_an_admitted_answer_tells_every_policy_and_the_narrowest_one(limiter: Limiter):
    """X-RateLimit-* name the most constrained policy; RateLimit and RateLimit-Policy list all, as structured fields."""
    told = read(await limiter.acquire(limiter.bind(("burst", "day", "shade"), WHO)))
    assert told["x-ratelimit-limit"] == "3"
    assert told["x-ratelimit-remaining"] == "2"
    assert 0 < int(told["x-ratelimit-reset"]) - time.time() <= 61
    policies = http_sf.parse(told["ratelimit-policy"].encode(), tltype="list")
    assert [(name, dict(terms)) for name, terms in policies] == [
        ("burst", {"q": 3, "w": 60}),
        ("day", {"q": 1000, "w": 86400}),
    ]
    standings = http_sf.parse(told["ratelimit"].encode(), tltype="list")
    assert [(name, terms["r"]) for name, terms in standings] == [("burst", 2), ("day", 999)]
    assert all(0 <= terms["t"] <= 86400 for _, terms in standings)
    assert 0 < standings[0][1]["t"] <= 60
    assert "retry-after" not in told


async def test_a_refused_answer_says_when_to_come_back(limiter: Limiter):
    """429 carries Retry-After of at least a second beside the same fields."""
    account = limiter.bind(("day", "burst"), WHO)
    for _ in range(3):
        assert (await limiter.acquire(account)).allowed
    told = read(await limiter.acquire(account))
    assert told["x-ratelimit-limit"] == "3"
    assert told["x-ratelimit-remaining"] == "0"
    assert 1 <= int(told["retry-after"]) <= 66
    assert len(told) == 6


async def test_a_route_with_only_a_shadow_tells_nothing(limiter: Limiter):
    """What is only watched is not shown."""
    assert fields(await limiter.acquire(limiter.bind(("shade",), WHO))) == []


async def test_the_fields_hold_what_they_held_when_decided(limiter: Limiter):
    """Fields that are written after later requests were admitted tell this request's remainder."""
    account = limiter.bind(("burst",), WHO)
    first = await limiter.acquire(account)
    await limiter.acquire(account)
    assert read(first)["x-ratelimit-remaining"] == "2"
