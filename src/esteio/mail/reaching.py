"""The way to a server by name, of whose addresses some may lead nowhere."""

import asyncio
import os
import socket

from esteio.mail.errors import MailUnavailable

LONGEST = 10.0
"""Seconds for an address that is not the last one: what answers at all answers sooner."""


async def reached(server: str, port: int, seconds: float) -> socket.socket:
    """A connection to the first of the server's addresses that takes it.

    One that does not answer costs a part of `seconds`, so that an IPv6 address without a way there leaves
    time for the next. The last may take as long as whoever calls waits. Raises `MailUnavailable` with what each said.
    """
    found = await _addresses(server, port)
    said = []
    for left, (family, address) in zip(range(len(found) - 1, -1, -1), found, strict=True):
        try:
            async with asyncio.timeout(min(LONGEST, seconds / (len(found) + 1)) if left else None):
                return await _connected(family, address)
        except OSError as error:
            said.append(f"{address[0]} {os.strerror(error.errno) if error.errno else 'does not answer'}")
    words = "; ".join(said) or "no address"
    raise MailUnavailable(why="connect", operator=f"connecting: {server} port {port} cannot be reached: {words}")


Address = tuple[int, bytes] | tuple[str, int] | tuple[str, int, int, int]


async def _addresses(server: str, port: int) -> list[tuple[int, Address]]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(server, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        words = (
            f"connecting: {server} has no address: {getattr(error, 'strerror', None) or 'it is no name of a server'}"
        )
        raise MailUnavailable(why="connect", operator=words) from None
    return [(family, address) for family, _, _, _, address in found]


async def _connected(family: int, address: Address) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, address)
    except BaseException:
        made.close()
        raise
    return made
