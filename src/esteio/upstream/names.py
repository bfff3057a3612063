"""From a host's name to addresses."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Protocol

from esteio.upstream.addresses import Address
from esteio.upstream.failures import NameUnresolved

THREADS = 64
"""Look-ups at once. A name whose server is silent holds a thread for half a minute; it must not hold up the others."""


class Resolver(Protocol):
    """`await resolve("example.org")`: every address of the name. Raises `NameUnresolved`."""

    async def resolve(self, host: str) -> Sequence[Address]: ...


class SystemResolver:
    """What the machine itself knows: `/etc/hosts`, its name servers. How long it takes is bounded by who asks."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "names")

    async def resolve(self, host: str) -> Sequence[Address]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, _look_up, host)
        except (OSError, UnicodeError) as error:
            raise NameUnresolved(f"{type(error).__name__}: {error}") from error
        return [ip_address(entry[4][0]) for entry in found]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str) -> list[tuple[object, object, object, object, tuple[str, int]]]:
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)  # type: ignore[return-value]
