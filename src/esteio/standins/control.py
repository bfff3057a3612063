"""`/_standin` on the control port: what a stand-in is told from outside while it runs.

GET             what is switched on, how often each path was called
PUT             {"fault": …, "path": …, "seconds": …} switches a fault on; {"fault": "none"} switches all off
DELETE          as at the start; `/_standin/calls`: only the counters; `/_standin/faults`: only the faults, and
                `/_standin/faults/NAME` that one, wherever it is on or on `?path=`
Below it, what only this party has.
"""

from __future__ import annotations

import asyncio
from typing import Any

from esteio.standins.door import Door
from esteio.standins.faults import Impossible
from esteio.standins.stand_in import LOOPBACK, StandIn, following, given
from esteio.standins.wire import Answer, Request, written

PATH = "/_standin"
FAULTS = f"{PATH}/faults/"
MEMBERS = {"fault", "path", "seconds"}


class Control:
    """The control port of a stand-in, and its opening and closing.

    It is on the loopback address wherever the stand-in is: whoever may call the party may not rule it.
    """

    def __init__(self, standin: StandIn, port: int = 0) -> None:
        self._standin = standin
        self._door = Door(LOOPBACK, port, self._receive)

    @property
    def url(self) -> str:
        return self._door.url + PATH

    async def open(self) -> None:
        """Open both. Raises `OSError` where a port cannot be had."""
        await self._door.open()
        await self._standin.settle()

    async def close(self) -> None:
        """Close both."""
        await self._standin.door.close()
        await self._door.close()

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await following(reader, writer):
            answer = await controlled(self._standin, request)
            writer.write(answer.head(len(answer.body)) + answer.body)
            await writer.drain()


async def controlled(standin: StandIn, request: Request) -> Answer:
    """Does what a call of the control port asks for."""
    match request.method, request.path.rstrip("/"):
        case "GET", "/_standin":
            return written(state(standin))
        case "PUT", "/_standin":
            return await _switch(standin, request)
        case "DELETE", "/_standin":
            await standin.reset()
            return written(state(standin))
        case "DELETE", "/_standin/calls":
            standin.calls.clear()
            return written(state(standin))
        case "DELETE", "/_standin/faults":
            return await _end(standin, "none", None)
    if request.method == "DELETE" and request.path.startswith(FAULTS):
        return await _end(standin, request.path.removeprefix(FAULTS), request.query.get("path"))
    try:
        return await given(standin.site.control(request)) or written({"error": "there is no such control"}, 404)
    except ValueError as error:
        return written({"error": f"this cannot be read: {error}"}, 422)


async def _switch(standin: StandIn, request: Request) -> Answer:
    try:
        told = request.json()
        if not isinstance(told, dict) or not {"fault"} <= set(told) <= MEMBERS:
            raise Impossible("give `fault`, and perhaps `path` and `seconds`")
        standin.faults.switch(*_members(told))
    except ValueError as error:
        return written({"error": str(error)}, 422)
    await standin.settle()
    return written(state(standin))


async def _end(standin: StandIn, name: str, path: str | None) -> Answer:
    """All of them for `none` without a path."""
    if name == "none" and path is None:
        standin.faults.switch("none")
    elif not standin.faults.end(name, path):
        return written({"error": "there is no such fault switched on"}, 404)
    await standin.settle()
    return written(state(standin))


def _members(told: dict[str, Any]) -> tuple[str, str | None, float | None]:
    name, path, seconds = told["fault"], told.get("path"), told.get("seconds")
    if not isinstance(name, str) or not isinstance(path, str | None):
        raise Impossible("`fault` and `path` are texts")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float)):
        raise Impossible("`seconds` is a number")
    return name, path, seconds


def state(standin: StandIn) -> dict[str, Any]:
    return {
        "url": standin.door.url,
        "switched": standin.faults.switched(),
        "faults": standin.faults.words,
        "calls": {"total": standin.calls.total(), "paths": dict(standin.calls)},
    }
