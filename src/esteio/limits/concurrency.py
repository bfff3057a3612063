"""How many at the same time: places that are lent for seconds and kept while they are used."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from redis.exceptions import RedisError

from esteio.base.errors import EsteioError, StartRefused, Unavailable
from esteio.limits.identity import Identity, household
from esteio.limits.policy import Fail
from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from esteio.redis.keys import key
from esteio.redis.script import Script
from esteio.telemetry.logs import log
from esteio.telemetry.metrics import limit_decisions

LEASE = 30.0
"""Seconds for which a place is lent, and after which the place of a process that died is free again."""

RENEWALS = 4
"""How often a lease is renewed in its time."""

LARGEST = 10_000

_TAKE = Script(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
""".strip()
)
_KEEP = Script(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + tonumber(ARGV[1]), ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
""".strip()
)


class TooManyAtOnce(EsteioError):
    code = "TOO_MANY_AT_ONCE"
    status = 429
    title = "Too many at the same time"
    words = "As many of these are running for you as may: let one end, then try again."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "1"})


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most `most` requests of the operations that name it run at once, over all processes, for each of whom `per`
    names. `fail` says what happens while Redis is gone: "open" admits within a bound of each process's own, "closed"
    answers 503. `ValueError` names what is allowed.
    """

    name: str
    most: int
    per: Literal["principal", "tenant", "address"] = "principal"
    fail: Fail = "open"

    def __post_init__(self) -> None:
        if not 1 <= self.most <= LARGEST:
            raise ValueError(f"at once there may be between 1 and {LARGEST}")


@dataclass(frozen=True, slots=True)
class Place:
    """A place that is held."""

    key: str
    token: str


class Places:
    """The places of all processes that share the Redis of `client`.

    A place is held until it is given back, and its lease is renewed meanwhile; what a process that died had held is
    free after `lease` seconds. A process that was stopped for longer, or a Redis that lost its data, can lead to more
    at once for as long as what was running then goes on.
    """

    def __init__(
        self,
        client: RedisClient,
        declared: Iterable[Concurrency],
        processes: Callable[[], int],
        *,
        lease: float = LEASE,
    ) -> None:
        self._client = client
        self._lease = lease
        self._lease_ms = round(lease * 1000)
        self._declared = {one.name: one for one in declared}
        self._processes = processes
        self._held: dict[Place, None] = {}
        self._counts: Counter[str] = Counter()
        self._farewells: set[asyncio.Task[None]] = set()
        self._renewing: asyncio.Task[None] | None = None

    @property
    def declared(self) -> Mapping[str, Concurrency]:
        """By name."""
        return self._declared

    async def open(self) -> None:
        self._renewing = asyncio.create_task(self._renew())

    async def close(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewing
        if self._farewells:
            await asyncio.wait(self._farewells)

    async def take(self, name: str, who: Identity) -> Place:
        """A place, to be given back by `leave`. Raises `TooManyAtOnce`, and `Unavailable` where it fails closed."""
        concurrency = self._declared[name]
        place = Place(_key(concurrency, who), uuid4().hex)
        try:
            lent = await self._lent(concurrency, place)
        except asyncio.CancelledError:
            self._give_back(place)  # it may have been lent, and nobody would ever leave it
            raise
        if not lent:
            limit_decisions().labels(name, "refused").inc()
            raise TooManyAtOnce(f"{concurrency.most} of these at once are allowed: let one end, then try again.")
        self._held[place] = None
        self._counts[place.key] += 1
        return place

    def leave(self, place: Place) -> None:
        """Give a place back; nobody waits for it."""
        if self._held.pop(place, self) is self:
            return
        self._counts[place.key] -= 1
        if not self._counts[place.key]:
            del self._counts[place.key]
        self._give_back(place)

    def _give_back(self, place: Place) -> None:
        task = asyncio.create_task(self._forget(place))
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    async def _lent(self, concurrency: Concurrency, place: Place) -> bool:
        arguments = (place.token, concurrency.most, self._lease_ms)
        try:
            return bool(await self._client.run(_TAKE, [place.key], arguments))
        except RedisUnavailable as error:
            if concurrency.fail == "closed":
                raise Unavailable(retry_after=1, operator=str(error.operator)) from error
            limit_decisions().labels(concurrency.name, "approximate").inc()
            return self._counts[place.key] < max(1, concurrency.most // self._processes())

    async def _forget(self, place: Place) -> None:
        with suppress(RedisUnavailable, RedisError):
            await self._client.execute("ZREM", place.key, place.token)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease / RENEWALS)
            by_key: dict[str, list[Place]] = {}
            for place in self._held:
                by_key.setdefault(place.key, []).append(place)
            try:
                for name, places in by_key.items():
                    await self._keep(name, places)
            except RedisUnavailable:
                continue  # the next round renews them, which is early enough
            except RedisError as error:
                log("esteio.limits").error("places.not_renewed", error=str(error))

    async def _keep(self, name: str, places: Sequence[Place]) -> None:
        """Renew them. One that was given back meanwhile may have been given back before it was renewed: once more."""
        try:
            await self._client.run(_KEEP, [name], (self._lease_ms, *(place.token for place in places)))
        finally:
            for place in places:
                if place not in self._held:
                    self._give_back(place)


def chosen(declared: Iterable[Concurrency], text: str) -> list[Concurrency]:
    """What manifests declare with the operator's numbers, written `name=number, …`, in the place of theirs.

    Raises `StartRefused` for a name that nobody declares, and for a number out of bounds.
    """
    found = {one.name: one for one in declared}
    for item in filter(None, (item.strip() for item in text.split(","))):
        name, _, number = (part.strip() for part in item.partition("="))
        if name not in found:
            raise StartRefused(f"ESTEIO_LIMITS__AT_ONCE names {name!r}: there are {', '.join(sorted(found))}.")
        if not number.isdecimal() or not 1 <= int(number) <= LARGEST:
            raise StartRefused(f"ESTEIO_LIMITS__AT_ONCE: {name} is a number between 1 and {LARGEST}.")
        one = found[name]
        found[name] = Concurrency(one.name, int(number), one.per, one.fail)
    return list(found.values())


def _key(concurrency: Concurrency, who: Identity) -> str:
    return key("places", who.tenant, concurrency.name, *_counted(concurrency, who))


def _counted(concurrency: Concurrency, who: Identity) -> tuple[str, ...]:
    if concurrency.per == "tenant":
        return ("everyone",)
    if concurrency.per == "principal" and who.principal:
        return ("principal", who.principal)
    return ("address", household(who.address))
