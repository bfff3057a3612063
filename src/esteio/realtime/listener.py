"""A connection as the hub sees it: what it hears, how much may wait for it, how it is ended."""

import asyncio
import random
from collections.abc import Callable

from esteio.base.principal import Principal
from esteio.realtime import metrics
from esteio.realtime.mailbox import Mailbox
from esteio.realtime.messages import Message, Position, standing
from esteio.realtime.settings import RealtimeSettings

RESTART, LATER, TOO_SLOW, UNAUTHENTICATED, FORBIDDEN = 1012, 1013, 4408, 4401, 4403
POLICY, NO_BINARY, NO_JSON = 1008, 1003, 1007
LAST_WORDS = 3.0
"""Seconds that a connection has to take its farewell before it is given up."""

Write = Callable[[bytes], bool]
"""Writes a whole frame if the line can take it now."""


class Listener:
    """The base of sockets and streams.

    What it is told goes out at once where the line is free (`write`), else into its mailbox, which its conversation
    empties. A reader for whom more would have to wait than may is cut off with 4408.
    """

    def __init__(
        self, principal: Principal, address: str, settings: RealtimeSettings, write: Write | None = None
    ) -> None:
        self.principal = principal
        self.address = address
        self.mailbox = Mailbox(settings.buffer_messages, settings.buffer_bytes)
        self.busy = False
        self.ended: tuple[int, str] | None = None
        self.drained: Callable[[Listener], None] = _nobody
        self._write = self._free = write
        self._lifetime = settings.lifetime_seconds
        self._timers: list[asyncio.TimerHandle] = []
        self._task: asyncio.Task[None] | None = None

    def tell(self, message: Message) -> None:
        """A message that has just become known."""
        if self._free is not None and self._free(message.frame):
            return
        self._free, self.busy = None, True
        if not self.mailbox.put(message) and self.ended is None:
            self.end(TOO_SLOW, "too slow: resume from your last position")

    def replay(self, message: Message) -> None:
        """A message of the past or an answer: those are given in portions, so they count for no bound."""
        if self._free is not None and self._free(message.frame):
            return
        self._free, self.busy = None, True
        self.mailbox.add(message)

    def welcome(self, channel: str, position: Position) -> None:
        """The subscription has begun at the position."""
        self.replay(standing("subscribed", channel, position))

    def missed(self, channel: str, position: Position) -> None:
        """What was between its position and this one is gone."""
        metrics.gaps().inc()
        self.replay(standing("gap", channel, position))

    def lost(self, message: Message) -> None:
        """A subscription has ended without being asked to; the message says why."""
        self.replay(message)

    def end(self, code: int, reason: str) -> None:
        """Say farewell with a close code; the conversation ends within `LAST_WORDS` whatever the other side does."""
        if self.ended is not None:
            return
        self.ended = (code, reason)
        self._free = None
        metrics.ended().labels(code).inc()
        self.mailbox.close()
        self._timers.append(asyncio.get_running_loop().call_later(LAST_WORDS, self._give_up))

    def _begin(self) -> None:
        """The conversation begins in the running task."""
        self._task = asyncio.current_task()
        life = self._lifetime * random.uniform(0.9, 1.1)  # noqa: S311 - so that not all come back at once
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(life, self.end, RESTART, "reconnect: the connection has had its time"))

    def _finish(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self.mailbox.close()

    def _emptied(self) -> None:
        """Nothing waits any more."""
        self._free, self.busy = (self._write if self.ended is None else None), False
        self.drained(self)

    def _gave_up(self) -> bool:
        """Whether the conversation was cancelled by `end`, and not by the server: then it may finish its own way."""
        if self.ended is None or self._task is None:
            return False
        self._task.uncancel()
        return True

    def _give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()


def _nobody(_: Listener) -> None:
    return
