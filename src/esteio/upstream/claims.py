"""Who fetches a value, over all processes: a claim in Redis that its holder renews and that ends with it."""

import asyncio
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from redis.exceptions import RedisError

from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from esteio.redis.keys import SYSTEM, key
from esteio.redis.script import Script
from esteio.upstream.entry import Entry, unpacked

LEASE = 1500
"""Milliseconds after which a claim ends whose holder was killed."""

RENEWED = 0.5
FAILED = 2000
"""Milliseconds for which those who wait can read that the fetch they waited for has failed; no refresh meanwhile."""

_RENEW = Script("if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end")
_END = Script(
    """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return redis.call('DEL', KEYS[1])
"""
)


@dataclass(frozen=True, slots=True)
class Failed:
    """The fetch of another process has failed; to be tried again after so many seconds."""

    token: str
    retry_after: int


@dataclass(frozen=True, slots=True)
class Sight:
    """What lay in Redis when the claim was tried. `holder` names who has the claim now."""

    entry: Entry | None
    holder: str
    failed: Failed | None

    def failed_of(self, holders: Set[str]) -> bool:
        """Whether what failed last was the fetch of one of these."""
        return self.failed is not None and self.failed.token in holders


class Claims:
    """Every call raises `RedisUnavailable` where Redis is away."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def look(self, party: str, name: str) -> Entry | None:
        """The entry under a name; one round trip. What is no entry is none."""
        try:
            return unpacked(await self._redis.execute("GET", _value(party, name)))
        except RedisError:
            return None

    async def attempt(self, party: str, name: str, token: str) -> Sight:
        """Take the claim if it is free, and see what there is; one round trip."""
        claim, failed = _claim(party, name)
        answers = await self._redis.batch(
            [
                ("SET", claim, token, "NX", "PX", LEASE),
                ("GET", claim),
                ("GET", _value(party, name)),
                ("GET", failed),
            ]
        )
        if isinstance(answers[0], Exception):
            raise RedisUnavailable(f"no claim can be made: {answers[0]}")
        return Sight(unpacked(answers[2]), _text(answers[1]), _failure(answers[3]))

    @asynccontextmanager
    async def held(self, party: str, name: str, token: str) -> AsyncIterator[None]:
        """Keep the claim alive until the block ends."""
        renewing = asyncio.create_task(self._renew(_claim(party, name)[0], token))
        try:
            yield
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing

    async def keep(self, party: str, name: str, entry: Entry, seconds: float) -> None:
        """Lay the entry down for so many seconds."""
        await self._redis.execute("SET", _value(party, name), entry.packed(), "PX", max(1, round(seconds * 1000)))

    async def end(self, party: str, name: str, token: str, retry_after: int | None = None) -> None:
        """Give the claim back; with `retry_after` those who wait learn that the fetch has failed."""
        told = "" if retry_after is None else str(retry_after)
        await self._redis.run(_END, _claim(party, name), (token, told, FAILED))

    async def _renew(self, claim: str, token: str) -> None:
        while True:
            await asyncio.sleep(RENEWED)
            with suppress(RedisUnavailable, RedisError):
                await self._redis.run(_RENEW, (claim,), (token, LEASE))


def new_token() -> str:
    return uuid4().hex


def _value(party: str, name: str) -> str:
    return key("upstream", SYSTEM, "value", party, name)


def _claim(party: str, name: str) -> tuple[str, str]:
    return key("upstream", SYSTEM, "claim", party, name), key("upstream", SYSTEM, "failed", party, name)


def _text(answer: Any) -> str:
    return answer.decode("ascii", "replace") if isinstance(answer, bytes) else ""


def _failure(answer: Any) -> Failed | None:
    token, _, seconds = _text(answer).partition(" ")
    return Failed(token, int(seconds)) if seconds.isdecimal() else None
