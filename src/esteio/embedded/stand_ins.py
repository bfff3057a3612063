"""Parties outside that are played on this machine, and the places that are theirs for the whole run.

`stand-ins.json` in the data directory says where they are, for whoever wants to see what they saw: by name, `url`,
`control`, and the folder in which one keeps things. It is there as long as the house is, and may outlive a killed one.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from esteio.embedded.address import Address
from esteio.embedded.directory import DataDirectory, write_private

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Place:
    """Where one is, where it is ruled, and a folder of its own that is kept between runs."""

    address: Address
    control: Address
    folder: Path
    scheme: str = "http"

    @property
    def url(self) -> str:
        return self.address.url.replace("http", self.scheme, 1)

    @property
    def control_url(self) -> str:
        return f"{self.control.url}/_standin"


@dataclass(frozen=True)
class StandIn:
    """A party: what to call it, the command that plays it at a place, and the variables by which it is found there.

    The command's process is given the variables too: what both sides know goes that way, never into a command line.
    `keeps` names the folder in the data directory that it writes to, if it does.
    """

    name: str
    command: Callable[[Place], tuple[str, ...]]
    variables: Callable[[Place], Mapping[str, str]]
    scheme: str = "http"
    keeps: str = ""


@dataclass(frozen=True)
class Places:
    """Where each stand-in is to listen."""

    found: tuple[tuple[StandIn, Place], ...] = ()

    @property
    def variables(self) -> dict[str, str]:
        return {name: value for part, place in self.found for name, value in part.variables(place).items()}

    @property
    def by_name(self) -> Mapping[str, Place]:
        return {part.name: place for part, place in self.found}

    def written(self) -> str:
        """As `stand-ins.json` has it."""
        told = {
            part.name: {"url": place.url, "control": place.control_url}
            | ({part.keeps: str(place.folder)} if part.keeps else {})
            for part, place in self.found
        }
        return json.dumps(told, indent=2)


@contextmanager
def held(parts: tuple[StandIn, ...], taken: int, directory: DataDirectory) -> Iterator[Places]:
    """Two free ports of the loopback address for each, never the `taken` one, so that it finds them after it died."""
    with ExitStack() as stack:
        found = []
        for part in parts:
            ports = [Address(LOOPBACK, _hold(stack, taken)) for _ in ("party", "control")]
            found.append((part, Place(ports[0], ports[1], directory.path / part.keeps, part.scheme)))
        places = Places(tuple(found))
        directory.stand_ins.unlink(missing_ok=True)
        if parts:
            write_private(directory.stand_ins, places.written())
            stack.callback(directory.stand_ins.unlink, missing_ok=True)
        yield places


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
