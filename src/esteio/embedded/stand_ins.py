"""Parties outside that are played on this machine, and the ports that are theirs for the whole run."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from esteio.embedded.address import Address

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class StandIn:
    """A party: what to call it, what plays it, and the variable by which the house's processes find it.

    The command is given its port as one more word.
    """

    name: str
    command: tuple[str, ...]
    variable: str


@dataclass(frozen=True)
class Places:
    """Where each stand-in is to listen."""

    found: tuple[tuple[StandIn, Address], ...] = ()

    @property
    def variables(self) -> dict[str, str]:
        return {part.variable: address.url for part, address in self.found}

    @property
    def urls(self) -> Mapping[str, str]:
        return {part.name: address.url for part, address in self.found}


@contextmanager
def held(parts: tuple[StandIn, ...], taken: int) -> Iterator[Places]:
    """A free port of the loopback address for each, never the `taken` one, so that each finds it again when it died."""
    with ExitStack() as stack:
        yield Places(tuple((part, Address(LOOPBACK, _hold(stack, taken))) for part in parts))


def _hold(stack: ExitStack, taken: int) -> int:
    """A port that stays bound by us, without listening: nobody else gets it, also while its stand-in is away.

    Linux lets another process that says SO_REUSEADDR listen there all the same. Elsewhere it is only found.
    """
    place = socket.socket()
    stack.callback(place.close)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind((LOOPBACK, 0))
    port: int = place.getsockname()[1]
    if port == taken:  # stays bound, so that the next one is another
        return _hold(stack, taken)
    if sys.platform != "linux":
        place.close()
    return port
