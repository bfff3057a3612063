"""A stand-in for the time of a block, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from esteio.standins.control import Control
from esteio.standins.stand_in import LOOPBACK, Site, StandIn

T = TypeVar("T")
R = TypeVar("R", bound="Running")
S = TypeVar("S", bound=Site)
PATIENCE = 30.0


class Running:
    """What a test does with a stand-in that runs in this process; any thread may."""

    def __init__(self, standin: StandIn, control: Control, loop: asyncio.AbstractEventLoop) -> None:
        self._standin = standin
        self._loop = loop
        self.url = standin.door.url
        self.control_url = control.url

    def fault(self, name: str, path: str | None = None, seconds: float | None = None) -> None:
        """Switch a fault on, perhaps only for a path and what is below it; `none` without a path: all off."""

        async def switch() -> None:
            self._standin.faults.switch(name, path, seconds)
            await self._standin.settle()

        self._run(switch())

    def calls(self, path: str | None = None) -> int:
        """How many calls came for exactly this path (without its query), or in all, whatever they met."""
        return self.do(lambda: self._standin.calls.total() if path is None else self._standin.calls[path])

    def forget(self) -> None:
        """Count calls from 0."""
        self.do(self._standin.calls.clear)

    def reset(self) -> None:
        """As at the start: no fault, no calls counted, all data."""
        self._run(self._standin.reset())

    def do(self, work: Callable[[], T]) -> T:
        """Do something between two calls, where no call is being answered."""

        async def doing() -> T:
            return work()

        return self._run(doing())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)


@contextmanager
def running(site: S, kind: type[R], port: int = 0, made: Callable[[S, str, int], StandIn] = StandIn) -> Iterator[R]:
    """The party on a free port (or this one) of the loopback address until the block ends.

    `made` puts the site behind its door, which is one for HTTP unless told.
    """
    loop = asyncio.SelectorEventLoop()
    thread = threading.Thread(target=_turn, args=(loop,), name="stand-in", daemon=True)
    thread.start()

    standin = made(site, LOOPBACK, port)
    control = Control(standin)
    try:
        asyncio.run_coroutine_threadsafe(control.open(), loop).result(PATIENCE)
        yield kind(standin, control, loop)
    finally:
        asyncio.run_coroutine_threadsafe(control.close(), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    """Turns until it is stopped; whoever is still being answered then is left."""
    loop.run_forever()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
