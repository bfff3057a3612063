"""The client: every call ends within its deadline, and none is tried against a server known to be down."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from redis.exceptions import RedisError, ResponseError

from esteio.redis.breaker import Breaker
from esteio.redis.deadline import Deadline
from esteio.redis.errors import RedisUnavailable, unfit, unknown_script
from esteio.redis.lines import Command, Line, Lines
from esteio.redis.script import Script

T = TypeVar("T")
DEADLINE = 0.25
MOST_LINES = 32


class RedisClient:
    """Redis or Valkey at a URL (`redis://`, `rediss://`, `unix://`). Opened and closed explicitly.

    Every call raises `RedisUnavailable` when there is no answer within `deadline` seconds, connecting included, and
    at once while the server is known to be down; a probe notices its return within about a second. A command is sent
    at most once: one that failed may or may not have taken effect. Answers are bytes, integers, lists or `None`. An
    answer that blames the command is raised as `redis.exceptions.ResponseError`.
    `round_trips` and `failures` count since the start.
    """

    def __init__(self, url: str, *, deadline: float = DEADLINE, most_lines: int = MOST_LINES) -> None:
        self.deadline = deadline
        self.round_trips = 0
        self.failures = 0
        self._lines = Lines(url, most=most_lines, patience=deadline)
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
        await self._lines.hang_up()

    async def execute(self, *command: Any) -> Any:
        """The answer to one command."""
        return await self._call(lambda line: line.ask(command))

    async def batch(self, commands: Sequence[Command]) -> list[Any]:
        """The answers to several commands in one round trip, in order; an error answer stands as an exception."""
        return await self._call(lambda line: line.ask_all(commands))

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
        return self._lines.new()

    async def _call(self, talk: Callable[[Line], Awaitable[T]]) -> T:
        if not self._breaker.closed:
            raise RedisUnavailable(f"known to be down: {self._breaker.reason}")
        return await self._talk(talk)

    async def _talk(self, talk: Callable[[Line], Awaitable[T]]) -> T:
        self.round_trips += 1
        try:
            async with Deadline(self.deadline), self._lines.line() as line:
                return await talk(line)
        except ResponseError as error:
            if unfit(error):
                raise await self._failed(error) from error
            raise
        except (RedisError, OSError) as error:
            raise await self._failed(error) from error

    async def _failed(self, error: BaseException) -> RedisUnavailable:
        self.failures += 1
        reason = f"{type(error).__name__}: {error}"
        self._breaker.open(reason)
        await self._lines.hang_up()
        return RedisUnavailable(reason)

    async def _ping(self) -> None:
        try:
            await self._talk(lambda line: line.ask(("PING",)))
        except ResponseError as error:
            raise await self._failed(error) from error
