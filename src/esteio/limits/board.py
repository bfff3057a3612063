"""What every process tells of the callers that it has in view, and what all of them have told."""

from collections.abc import Sequence
from typing import NamedTuple

from esteio.limits.census import SILENT, Census
from esteio.limits.near import Near
from esteio.limits.report import Report, read, written
from esteio.redis.client import RedisClient
from esteio.redis.keys import SYSTEM, key
from esteio.upstream.background import Background
from esteio.upstream.flights import Flights

MOST_PROCESSES = 128
UNASKED = 4
"""So many times this process tells without being asked before it forgets what it has read of the others."""


class Heard(NamedTuple):
    """The reports of several processes, and how many of them spoke."""

    reports: Sequence[Report]
    processes: int


class Board:
    """One short-lived value a process, under one hash tag: all are read in one command, on a Cluster too.

    Whoever asks at the same time shares one look at them, and what a process has not told anew since the last look is
    not read again: however many ask, a report is read once.
    """

    def __init__(self, client: RedisClient, census: Census, near: Near) -> None:
        self._client = client
        self._census = census
        self._near = near
        self._told = False
        self._flights: Flights[Heard] = Flights(Background())
        self._read: dict[bytes, Report] = {}
        self._unasked = 0

    async def tell(self) -> None:
        """Say what is in view here, for as long as this process is counted among the living. `RedisUnavailable`."""
        self._unasked += 1
        if self._unasked > UNASKED:
            self._read = {}
        sights = self._near.sights()
        if sights:
            await self._client.execute("SET", _place(self._census.name), written(sights), "PX", SILENT * 1000)
        elif self._told:
            await self.leave()
        self._told = bool(sights)

    async def leave(self) -> None:
        """Say nothing any more."""
        await self._client.execute("DEL", _place(self._census.name))

    def here(self) -> Heard:
        """What this process alone has in view."""
        return Heard([Report(self._near.sights())], 1)

    async def hear(self) -> Heard:
        """What all have told within the last seconds, and this process as of now. `RedisUnavailable`."""
        self._unasked = 0
        others = await self._flights.share("others", self._listen)
        return Heard([*self.here().reports, *others.reports], 1 + others.processes)

    async def _listen(self) -> Heard:
        others = [name for name in await self._census.members() if name != self._census.name][: MOST_PROCESSES - 1]
        told = await self._client.execute("MGET", *map(_place, others)) if others else []
        texts = [text for text in told if text is not None]
        self._read = {text: self._read.get(text) or read(text) for text in texts}
        # Two processes may say the very same: both count.
        return Heard([self._read[text] for text in texts], len(others))


def _place(process: str) -> str:
    return key("limit-near", SYSTEM, process)
