"""The port of a stand-in: it can be shut, so that connections are really refused, and opened again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

from esteio.standins.wire import HEAD_LIMIT

CONNECTIONS_WAITING = 2048

Host = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Door:
    """An address and who receives the connections to it.

    While it is shut the port stays bound, without listening: nobody else gets it, and the system refuses whoever
    connects. Port 0 takes a free one; `port` is known once it was opened or shut.
    """

    scheme = "http"

    def __init__(self, host: str, port: int, receive: Host) -> None:
        self.port = port
        self._host = host
        self._receive = receive
        self._held: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._guests: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Where to call it; a wildcard is called by way of the loopback address."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 - compared with
        return f"{self.scheme}://[{host}]:{self.port}" if ":" in host else f"{self.scheme}://{host}:{self.port}"

    async def open(self) -> None:
        """Raises `OSError` where the address cannot be had."""
        if self._server is None:
            held, self._held = self._held or self._bound(), None
            self._server = await self._served(held)

    async def _served(self, held: socket.socket) -> asyncio.Server:
        return await asyncio.start_server(self._welcome, sock=held, backlog=CONNECTIONS_WAITING, limit=HEAD_LIMIT)

    async def shut(self) -> None:
        """Refuse new connections and reset those that are open. Raises `OSError` where the address cannot be had."""
        self._end()
        if self._held is None:
            self._held = self._bound()

    async def close(self) -> None:
        """End the connections and give the port back."""
        self._end()
        if self._held is not None:
            self._held.close()
            self._held = None

    def _end(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for guest in list(self._guests):
            guest.transport.abort()

    def _bound(self) -> socket.socket:
        made = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((self._host, self.port))
        except OSError as error:
            made.close()
            words = f"Port {self.port} of {self._host} cannot be used: {error.strerror or error}"
            raise OSError(error.errno, words) from error
        self.port = made.getsockname()[1]
        return made

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._guests.add(writer)
        try:
            await self._receive(reader, writer)
        except (ConnectionError, TimeoutError):
            pass  # the guest left; stand-ins are made for guests who do
        finally:
            self._guests.discard(writer)
            writer.close()
