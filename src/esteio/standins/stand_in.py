"""A stand-in: one party's answers behind a door, with faults and counters. `control` opens it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from inspect import isawaitable
from typing import Protocol, runtime_checkable

from esteio.standins.door import Door
from esteio.standins.faults import Faults, send
from esteio.standins.wire import BODY_LIMIT, TEXT, Answer, Request, Unreadable, read_request

LOOPBACK = "127.0.0.1"

Answering = Answer | None | Awaitable[Answer | None]
"""An answer, or what will be one: a site may take its time while others are answered."""


class Site(Protocol):
    """What a party answers. `faults` are those only this party has, with words for each.

    One that takes bodies of more than 4 MB says so by a member `body_limit`, in bytes.
    """

    faults: Mapping[str, str]

    def answer(self, request: Request, fault: str) -> Answering:
        """The answer, None where the real one never gives one. `fault` is the one that is switched on."""
        ...

    def control(self, request: Request) -> Answering:
        """What a call below `/_standin/` does to what is answered; None where there is no such control."""
        ...

    def reset(self) -> None: ...


@runtime_checkable
class Acting(Protocol):
    """A site that also does something by itself: calls others, or tells them where it is."""

    def begin(self, standin: StandIn) -> None:
        """Told once, before the door opens, by the stand-in it belongs to."""
        ...


async def given(answering: Answering) -> Answer | None:
    """The answer itself."""
    return await answering if isawaitable(answering) else answering


class StandIn:
    """A party on this machine; all of it runs in one event loop."""

    def __init__(self, site: Site, host: str = LOOPBACK, port: int = 0) -> None:
        self.site = site
        self.faults = Faults(site.faults)
        self.calls: Counter[str] = Counter()
        self.door = Door(host, port, self._receive)
        self._body_limit: int = getattr(site, "body_limit", BODY_LIMIT)
        if isinstance(site, Acting):
            site.begin(self)

    async def settle(self) -> None:
        """Open or shut the door as the faults want it. Raises `OSError` where its port cannot be had."""
        await (self.door.shut() if self.faults.refused else self.door.open())

    async def reset(self) -> None:
        """As at the start: no fault, no calls counted, all data."""
        self.faults.switch("none")
        self.calls.clear()
        self.site.reset()
        await self.settle()

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await following(reader, writer, self._body_limit):
            self.calls[request.path] += 1
            fault = self.faults.toward(request.path)
            if fault.name == "hang" and await _left(reader, fault.seconds):
                return
            answer = await given(self.site.answer(request, fault.name))
            if answer is None:
                await _left(reader, None)
                return
            if request.method == "HEAD":
                writer.write(answer.head(len(answer.body)))
            elif not await send(answer, fault, writer):
                return


async def following(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body_limit: int = BODY_LIMIT
) -> Request | None:
    """The next request; None at the connection's end, also where what came is none and the caller was told so."""
    try:
        return await read_request(reader, body_limit)
    except Unreadable as error:
        answer = Answer(400, f"{error}\n".encode(), TEXT, {"Connection": "close"})
        writer.write(answer.head(len(answer.body)) + answer.body)
        return None


async def _left(reader: asyncio.StreamReader, seconds: float | None) -> bool:
    """Whether the caller closed the connection within so many seconds; without them, waits until it did."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while await reader.read(4096):
                continue
            return True
    return False
