"""The client: every call ends within its deadline, and none is tried against a server known to be down."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from redis.exceptions import RedisError, ResponseError

from esteio.redis.addresses import read_address
from esteio.redis.breaker import Breaker
from esteio.redis.cluster import Cluster
from esteio.redis.deadline import Deadline
from esteio.redis.errors import RedisUnavailable, on_their_way, raise_unserved, unfit, unknown_script
from esteio.redis.lines import Command, Line, Lines
from esteio.redis.script import Script
from esteio.redis.sentinel import lines_by_sentinel
from esteio.telemetry.context import current
from esteio.telemetry.tracing.spans import span

T = TypeVar("T")
DEADLINE = 0.25
MOST_LINES = 32
PROBE = 2.0
"""Seconds for a probe of a server that is down: nobody waits for it, and Sentinels or nodes are asked in turn."""


class Servers(Protocol):
    """What is talked to: one server, the primary of Sentinels, the primaries of a Cluster."""

    async def ask(self, command: Command) -> Any: ...

    async def ask_all(self, commands: Sequence[Command]) -> list[Any]: ...

    async def probe(self) -> None: ...

    async def hang_up(self) -> None: ...

    @property
    def new(self) -> Callable[[], Line]: ...


def servers_at(url: str, *, most: int, patience: float) -> Servers:
    """At most `most` conversations at a time with each server. Raises `ValueError` for an address that is none."""
    address = read_address(url)
    if address.kind == "cluster":
        return Cluster(address, most=most, patience=patience)
    if address.kind == "sentinel":
        return lines_by_sentinel(address, most=most, patience=patience)
    return Lines(lambda: Line(address.connect(patience)), most=most)


class RedisClient:
    """Redis or Valkey at a URL (see `addresses.read_address`). Opened and closed explicitly.

    Every call raises `RedisUnavailable` when there is no answer within `deadline` seconds, connecting included, and
    at once while the server is known to be down; a probe notices its return within about a second. A command is sent
    at most once: one that failed may or may not have taken effect. Answers are bytes, integers, lists or `None`. An
    answer that blames the command is raised as `redis.exceptions.ResponseError`; one that says that the server cannot
    serve is a `RedisUnavailable` like its silence.
    `round_trips` and `failures` count since the start.
    """

    def __init__(self, url: str, *, deadline: float = DEADLINE, most_lines: int = MOST_LINES) -> None:
        self.deadline = deadline
        self.round_trips = 0
        self.failures = 0
        self._servers = servers_at(url, most=most_lines, patience=deadline)
        self._breaker = Breaker(self._ping)

    @property
    def available(self) -> bool:
        """False from a failure until a probe has been answered."""
        return self._breaker.closed

    async def open(self) -> None:
        """Try the server once. It may be down: then calls are refused until it is back."""
        with suppress(RedisUnavailable):
            await self.execute("PING")

    async def close(self) -> None:
        """Drop every connection."""
        await self._breaker.stop()
        await self._servers.hang_up()

    def execute(self, *command: Any) -> Coroutine[Any, Any, Any]:
        """The answer to one command."""
        context, answering = current.get(), self._call(lambda servers: servers.ask(command))
        return answering if context is None or context.span is None else _traced(str(command[0]), answering)

    def batch(self, commands: Sequence[Command]) -> Coroutine[Any, Any, list[Any]]:
        """The answers to several commands in one round trip, in order; one that blames its command stands as an
        exception."""
        context, answering = current.get(), self._call(lambda servers: _served(servers, commands))
        return answering if context is None or context.span is None else _traced("PIPELINE", answering)

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """What the script returns. A server that has lost the script is given it again."""
        rest = (len(keys), *keys, *arguments)
        try:
            return await self.execute("EVALSHA", script.digest, *rest)
        except ResponseError as error:
            if not unknown_script(error):
                raise
        return await self.execute("EVAL", script.text, *rest)

    def private_line(self) -> Line:
        """A line of one's own, for a subscription; the holder bounds and drops it."""
        return self._servers.new()

    async def _call(self, talk: Callable[[Servers], Awaitable[T]]) -> T:
        if not self._breaker.closed:
            raise RedisUnavailable(f"known to be down: {self._breaker.reason}")
        return await self._talk(talk)

    async def _talk(self, talk: Callable[[Servers], Awaitable[T]], seconds: float = 0.0) -> T:
        self.round_trips += 1
        try:
            async with Deadline(seconds or self.deadline):
                return await talk(self._servers)
        except ResponseError as error:
            if unfit(error):
                raise await self._failed(error) from error
            if on_their_way(error):
                raise RedisUnavailable(f"{type(error).__name__}: {error}") from error
            raise
        except (RedisError, OSError) as error:
            raise await self._failed(error) from error

    async def _failed(self, error: BaseException) -> RedisUnavailable:
        self.failures += 1
        reason = f"{type(error).__name__}: {error}"
        self._breaker.open(reason)
        await self._servers.hang_up()
        return RedisUnavailable(reason)

    async def _ping(self) -> None:
        try:
            await self._talk(lambda servers: servers.probe(), max(PROBE, self.deadline))
        except ResponseError as error:
            raise await self._failed(error) from error


async def _served(servers: Servers, commands: Sequence[Command]) -> list[Any]:
    answers = await servers.ask_all(commands)
    raise_unserved(answers)
    return answers


async def _traced(operation: str, answering: Coroutine[Any, Any, T]) -> T:
    """In the words of OpenTelemetry's conventions for Redis: the command without its keys and values."""
    with span(operation, "client", **{"db.system.name": "redis", "db.operation.name": operation}):
        return await answering
