"""Connections that go to the very address that was checked."""

import asyncio
from collections.abc import Iterable, Sequence

import httpcore

from esteio.upstream.addresses import Address
from esteio.upstream.failures import CallFailed, Unreachable
from esteio.upstream.guard import Guard
from esteio.upstream.names import Resolver


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a host once per connection, checks what it found, and connects to that.

    TLS is verified by the host's name, as the URL has it. `seconds` bounds looking up and connecting together.
    """

    def __init__(self, guard: Guard, resolver: Resolver, *, seconds: float) -> None:
        self._guard = guard
        self._resolver = resolver
        self._seconds = seconds
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's own
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._seconds
        addresses = await self._guard.addresses(host, self._resolver, self._seconds)
        return await self._first(addresses, port, end, socket_options)

    async def _first(
        self,
        addresses: Sequence[Address],
        port: int,
        end: float,
        options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        """The first that answers; each gets its share of the time that is left."""
        failure: Exception | None = None
        for place, address in enumerate(addresses):
            share = (end - asyncio.get_running_loop().time()) / (len(addresses) - place)
            try:
                return await self._network.connect_tcp(str(address), port, max(share, 0.01), None, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise Unreachable(f"{type(failure).__name__}: {failure}") from failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's own
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise CallFailed("no socket of this machine is called")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
