"""Server-sent events: the same messages over plain HTTP, one way."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from esteio.base.errors import BadRequest
from esteio.base.principal import Principal
from esteio.realtime.commands import since_of
from esteio.realtime.credentials import Credential
from esteio.realtime.listener import FORBIDDEN, LATER, RESTART, Listener
from esteio.realtime.messages import Message, Position, note
from esteio.realtime.parts import Realtime

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would keep the events until its buffer is full
]
HEARTBEAT = b":\n\n"


class Stream(Listener):
    """One stream. Each event's id is where all of its channels stand after it, in the order in which they were named:
    so the last id that arrived is all that is needed to go on.
    """

    def __init__(self, realtime: Realtime, principal: Principal, address: str, channels: Sequence[str]) -> None:
        super().__init__(principal, address, realtime.settings)
        self._realtime = realtime
        self._heartbeat = realtime.settings.heartbeat_seconds
        self._places: dict[str, Position | None] = dict.fromkeys(channels)

    async def admit(self) -> None:
        """Raises `NotFound` when one of the channels may not be heard."""
        for name in self._places:
            await self._realtime.admission.admit(self.principal, name)

    async def join(self, since: Sequence[Position | None]) -> None:
        """Begin all channels. Raises `NotFound` as above, `Unavailable` when one cannot begin."""
        await self.admit()
        for name, position in zip(self._places, since, strict=True):
            await self._realtime.hub.join(self, name, position)

    def welcome(self, channel: str, position: Position) -> None:
        self._places[channel] = position
        super().welcome(channel, position)

    def lost(self, message: Message) -> None:
        """A stream is all of its channels or none."""
        self.end(FORBIDDEN, "a channel of this stream may not be heard any more")

    async def converse(self, receive: Receive, send: Send) -> None:
        """Write until either side ends it."""
        self._begin()
        leaving = asyncio.create_task(_gone(receive))
        writing = asyncio.create_task(self._write_on(send))
        try:
            await asyncio.wait((leaving, writing), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if not self._gave_up():
                raise
        finally:
            self._finish()
            for task in (leaving, writing):
                task.cancel()
            await asyncio.wait((leaving, writing))

    async def _write_on(self, send: Send) -> None:
        with suppress(OSError):  # the other side has gone
            await _send(send, b"retry: %d\n\n" % random.randint(1_000, 3_000))  # noqa: S311 - spreads the return
            while not self.mailbox.closed:
                try:
                    async with asyncio.timeout(self._heartbeat):
                        message = await self.mailbox.take()
                except TimeoutError:
                    await _send(send, HEARTBEAT)
                    continue
                if message is not None:
                    await _send(send, self._written(message))
                    if not self.mailbox:
                        self._emptied()
            await self._farewell(send)

    def _written(self, message: Message) -> bytes:
        if message.position is not None:
            self._places[message.channel] = message.position
        kind = b"" if message.kind == "event" else b"event: " + message.kind.encode() + b"\n"
        places = ",".join(str(place or "") for place in self._places.values())
        return b"id: " + places.encode() + b"\n" + kind + b"data: " + message.text + b"\n\n"

    async def _farewell(self, send: Send) -> None:
        if self.ended is None:
            return
        code, reason = self.ended
        kind = "reconnect" if code in (RESTART, LATER) else "closed"
        text = note(kind, code=code, reason=reason).text
        retry = random.randint(100, 1_000) if code == RESTART else random.randint(3_000, 6_000)  # noqa: S311
        await _send(send, b"retry: %d\nevent: %s\ndata: %s\n\n" % (retry, kind.encode(), text))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class EventStream(Response):
    """The answer that is a stream. Its channels begin before it does, so that refusals are plain answers."""

    def __init__(
        self, stream: Stream, realtime: Realtime, shown: Credential | None, since: Sequence[Position | None]
    ) -> None:
        self.status_code = 200
        self.background = None
        self.raw_headers = HEADERS
        self._stream = stream
        self._realtime = realtime
        self._shown = shown
        self._since = since

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await self._stream.admit()
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        with self._realtime.listening(self._stream, "stream", self._shown):
            await self._stream.join(self._since)
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._stream.converse(receive, send)


def places_of(text: str, channels: int) -> list[Position | None]:
    """The positions in an id of a stream with so many channels. Raises `BadRequest` or `Invalid`."""
    if not text:
        return [None] * channels
    parts = text.split(",")
    if len(parts) != channels:
        raise BadRequest("The position belongs to a stream of other channels.")
    return [since_of(part) for part in parts]


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})
