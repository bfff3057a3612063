"""Connections to the server: a bounded number, kept while idle, dropped at the first doubt."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from redis.asyncio.connection import Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

Command = Sequence[Any]


class Line:
    """One connection. Not shared: one conversation at a time."""

    __slots__ = ("connection", "fresh")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.fresh = True

    async def connect(self) -> None:
        """Reach the server, authenticate, choose the database."""
        await self.connection.connect()  # type: ignore[no-untyped-call]

    async def ask(self, command: Command) -> Any:
        """The server's answer to one command."""
        await self.connection.send_packed_command(self.connection.pack_command(*command))
        return await self.connection.read_response()

    async def ask_all(self, commands: Iterable[Command]) -> list[Any]:
        """The answers to many commands sent together; an error answer stands in the list as an exception."""
        packed = list(commands)
        await self.connection.send_packed_command(self.connection.pack_commands(packed))
        return [await self._answer() for _ in packed]

    async def _answer(self) -> Any:
        try:
            return await self.connection.read_response()
        except ResponseError as error:
            return error

    async def sound(self) -> bool:
        """Whether nothing is waiting to be read: neither the other side's farewell nor an answer that came late."""
        with suppress(RedisError):
            return self.connection.is_connected and not await self.connection.can_read()
        return False

    async def drop(self) -> None:
        """Close without waiting for the other side."""
        await self.connection.disconnect(nowait=True)


class Lines:
    """At most `most` conversations at a time with the server at `url` (`redis://`, `rediss://` or `unix://`)."""

    def __init__(self, url: str, *, most: int, patience: float) -> None:
        arguments: dict[str, Any] = dict(parse_url(url))
        self._make = arguments.pop("connection_class", Connection)
        self._arguments = arguments | {
            "protocol": 2,
            "driver_info": None,
            "socket_timeout": None,
            "socket_connect_timeout": patience,
            "retry": Retry(NoBackoff(), 0),
        }
        self._room = asyncio.Semaphore(most)
        self._idle: list[Line] = []

    def new(self) -> Line:
        """A line of the caller's own, not yet connected and never returned to the idle ones."""
        return Line(self._make(**self._arguments))

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A connected line, kept for the next caller unless the conversation broke off."""
        async with self._room:
            line = await self._pick()
            try:
                if line.fresh:
                    await line.connect()
                yield line
            except ResponseError:
                self._keep(line)
                raise
            except BaseException:
                await line.drop()
                raise
            self._keep(line)

    async def hang_up(self) -> None:
        """Drop every idle line."""
        idle, self._idle = self._idle, []
        for line in idle:
            await line.drop()

    async def _pick(self) -> Line:
        while self._idle:
            line = self._idle.pop()
            if await line.sound():
                return line
            await line.drop()
        return self.new()

    def _keep(self, line: Line) -> None:
        line.fresh = False
        self._idle.append(line)
