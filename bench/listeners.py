"""Many WebSocket clients in one process that only count what they hear, so that they are no burden to the server."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.load import HOST

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
AT_ONCE = 50
PATIENCE = 30
"""Seconds in which everybody must have heard what was told."""


@dataclass
class Audience:
    """What all listeners together have heard: how many texts, and the last of them."""

    heard: int = 0
    last: bytes = b""
    goal: int = 0
    trouble: str = ""

    def __post_init__(self) -> None:
        self._reached = asyncio.Event()

    def expect(self, more: int) -> None:
        """Say, before it is told, how many texts more are to be heard."""
        self.goal = self.heard + more
        self._reached.clear()

    async def wait(self) -> None:
        """Until they were heard."""
        async with asyncio.timeout(PATIENCE):
            await self._reached.wait()
        if self.trouble:
            raise SystemExit(f"a socket ended: {self.trouble}")

    def hear(self, text: bytes) -> None:
        self.heard += 1
        self.last = text
        if self.heard == self.goal:
            self._reached.set()

    def give_up(self, trouble: str) -> None:
        self.trouble = trouble
        self._reached.set()


class _Listener(asyncio.Protocol):
    def __init__(self, audience: Audience, request: bytes, first: bytes) -> None:
        self.audience, self.request, self.first = audience, request, first
        self.open = asyncio.get_running_loop().create_future()
        self.left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.left = self.left + data if self.left else data
        if not self.open.done() and not self._opened():
            return
        taken = 0
        for opcode, begin, end in frames(self.left):
            taken = end
            if opcode == TEXT:
                self.audience.hear(self.left[begin:end])
            elif opcode == PING:
                self.transport.write(frame(PONG, self.left[begin:end]))
            elif opcode == CLOSE:
                self.audience.give_up(repr(self.left[begin:end]))
        self.left = self.left[taken:]

    def _opened(self) -> bool:
        head, end, rest = self.left.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self.open.set_exception(SystemExit(f"no WebSocket: {self.left[:500]!r}"))
            return False
        self.left = rest
        if self.first:
            self.transport.write(frame(TEXT, self.first))
        self.open.set_result(None)
        return True

    def connection_lost(self, error: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(SystemExit("a socket was closed before it was open"))
        self.audience.give_up("the connection was lost")


@asynccontextmanager
async def listening(port: int, path: str, headers: Sequence[dict[str, str]], first: bytes) -> AsyncIterator[Audience]:
    """One listener for each of the headers. Where it says something `first`, it has heard the answer to it."""
    audience = Audience()
    audience.expect(len(headers) if first else 0)
    transports: list[asyncio.BaseTransport] = []
    try:
        for place in range(0, len(headers), AT_ONCE):
            some = [_Listener(audience, _request(path, each), first) for each in headers[place : place + AT_ONCE]]
            transports += [await _connected(one, port) for one in some]
            await asyncio.gather(*(one.open for one in some))
        if first:
            await audience.wait()
        yield audience
    finally:
        for transport in transports:
            transport.close()
        await asyncio.sleep(0.5)  # so that the server has seen them go before anything is measured


async def _connected(listener: _Listener, port: int) -> asyncio.BaseTransport:
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: listener, HOST, port)
    return transport


def _request(path: str, headers: dict[str, str]) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {HOST}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def frames(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The whole frames of a server in the data: opcode, and where its payload begins and ends."""
    at = 0
    while len(data) >= at + 2:
        length, begin = data[at + 1] & 0x7F, at + 2
        if length == 126:
            length, begin = int.from_bytes(data[at + 2 : at + 4]), at + 4
        elif length == 127:
            length, begin = int.from_bytes(data[at + 2 : at + 10]), at + 10
        if len(data) < begin + length:
            return
        yield data[at] & 0x0F, begin, begin + length
        at = begin + length


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame, masked with zeros; short payloads only."""
    assert len(payload) < 126
    return bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload
