"""Connections to a server: a bounded number, kept while idle, dropped at the first doubt."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from redis.asyncio.connection import Connection
from redis.exceptions import ConnectionError as BrokenLine
from redis.exceptions import RedisError, ResponseError

Command = Sequence[Any]
Place = tuple[str, int]
"""Host and port."""


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
        await self._send(self.connection.pack_command(*command))
        return await self.connection.read_response()

    async def ask_all(self, commands: Iterable[Command]) -> list[Any]:
        """The answers to many commands sent together; an error answer stands in the list as an exception."""
        packed = list(commands)
        await self._send(self.connection.pack_commands(packed))
        return [await self._answer() for _ in packed]

    async def _send(self, packed: Any) -> None:
        try:
            await self.connection.send_packed_command(packed)
        except RuntimeError as error:
            # uvloop says so of a connection that was reset, where asyncio raises an OSError.
            raise BrokenLine(str(error)) from error

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


class FoundLine(Line):
    """A line to a server that is looked for when it is needed: a Sentinel's primary, a node of a Cluster."""

    __slots__ = ("_find",)

    def __init__(self, connection: Connection, find: Callable[[], Awaitable[Place]]) -> None:
        super().__init__(connection)
        self._find = find

    async def connect(self) -> None:
        """Ask where the server is, then reach it. A server that is a replica is none: `ConnectionError`."""
        self.connection.host, self.connection.port = await self._find()
        await super().connect()
        try:
            role = await self.ask(("ROLE",))
        except ResponseError as error:
            raise BrokenLine(f"{self.connection.host}:{self.connection.port} does not say its role: {error}") from error
        if role[0] != b"master":
            raise BrokenLine(f"{self.connection.host}:{self.connection.port} is a {role[0].decode()}")


class Lines:
    """At most `most` conversations at a time over lines that `make` makes."""

    def __init__(self, make: Callable[[], Line], *, most: int) -> None:
        self.new = make
        self._room = asyncio.Semaphore(most)
        self._idle: list[Line] = []

    async def ask(self, command: Command) -> Any:
        """The answer to one command."""
        async with self.line() as line:
            return await line.ask(command)

    async def ask_all(self, commands: Sequence[Command]) -> list[Any]:
        """The answers to several commands in one round trip; an error answer stands as an exception."""
        async with self.line() as line:
            return await line.ask_all(commands)

    async def probe(self) -> None:
        """Whether the server answers; raises where it does not."""
        await self.ask(("PING",))

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
