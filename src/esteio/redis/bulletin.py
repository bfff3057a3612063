"""News between processes: at most once, and anyone who may have missed some is told so."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from redis.exceptions import RedisError

from esteio.redis.client import RedisClient
from esteio.redis.deadline import Deadline
from esteio.redis.keys import SYSTEM, key
from esteio.redis.lines import Line
from esteio.telemetry.logs import log

Handler = Callable[[bytes], None]
Gap = Callable[[], None]

BEAT = 1.0
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 1.0


class Lost(Exception):
    """The subscription ended, or the server fell silent."""


class Bulletin:
    """One subscription a process. A message reaches every subscribed process well within a second, or a gap is told.

    Redis keeps no message: one published while a process is not subscribed never reaches it. So every handler of
    `on_gap` runs when the subscription is lost and again when it stands, the first time included; a holder of copies
    drops them all. A server that vanishes without a word is noticed within about two seconds. Handlers run on the
    event loop and return quickly; one that raises is logged and hinders no other.
    """

    def __init__(self, client: RedisClient, *, beat: float = BEAT) -> None:
        self.connected = False
        self.gaps = 0
        self._client = client
        self._beat = beat
        self._handlers: defaultdict[bytes, list[Handler]] = defaultdict(list)
        self._gap_handlers: list[Gap] = []
        self._wanted = asyncio.Event()
        self._first = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._heard = 0.0

    def on(self, topic: str, handler: Handler) -> None:
        """Call `handler` with the payload of every message on the topic; may be added at any time."""
        self._handlers[channel_of(topic)].append(handler)
        self._wanted.set()

    def on_gap(self, handler: Gap) -> None:
        """Call `handler` whenever messages may have been missed."""
        self._gap_handlers.append(handler)

    async def publish(self, topic: str, payload: bytes) -> None:
        """Tell every subscribed process, this one included; `RedisUnavailable` when it cannot be told."""
        await self._client.execute("PUBLISH", channel_of(topic), payload)

    async def open(self) -> None:
        """Subscribe, waiting at most the client's deadline; it goes on trying in the background."""
        self._running = asyncio.create_task(self._stay_subscribed())
        with suppress(TimeoutError):
            async with asyncio.timeout(self._client.deadline):
                await self._first.wait()

    async def close(self) -> None:
        """End the subscription; no gap is told."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        self.connected = False

    async def _stay_subscribed(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._subscription()
            except (RedisError, OSError, Lost) as error:
                if self.connected:
                    pause = FIRST_PAUSE
                    log("esteio.redis").warning("bulletin.lost", reason=str(error))
                    self._tell_gap(str(error))
                self.connected = False
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _subscription(self) -> None:
        line = self._client.private_line()
        try:
            async with Deadline(self._client.deadline):
                await line.connect()
                for _ in range(await self._subscribe(line)):
                    await line.connection.read_response()
            self._stands()
            await self._listen(line)
        finally:
            await line.drop()

    async def _subscribe(self, line: Line) -> int:
        """Ask for every topic, and for one without a name so that there always is one; how many were asked for."""
        self._wanted.clear()
        channels = (channel_of(""), *self._handlers)
        await _send(line, "SUBSCRIBE", *channels)
        return len(channels)

    def _stands(self) -> None:
        self.connected = True
        self._first.set()
        self._tell_gap("subscribed")

    async def _listen(self, line: Line) -> None:
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        reading = asyncio.create_task(self._read(line))
        try:
            while not reading.done():
                await self._wait(reading)
                if loop.time() - self._heard > 2 * self._beat:
                    await self._doubt(reading)
                await self._keep_alive(line)
            reading.result()
        finally:
            reading.cancel()
            await asyncio.wait((reading,))

    async def _wait(self, reading: "asyncio.Task[None]") -> None:
        wanted = asyncio.create_task(self._wanted.wait())
        try:
            await asyncio.wait((reading, wanted), timeout=self._beat, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wanted.cancel()

    async def _doubt(self, reading: "asyncio.Task[None]") -> None:
        """Silence may be this process's own pause: read what has arrived before blaming the server."""
        before = self._heard
        await asyncio.wait((reading,), timeout=self._client.deadline)
        if self._heard == before:
            raise Lost("the server fell silent")

    async def _keep_alive(self, line: Line) -> None:
        if not line.connection.is_connected:
            return
        async with Deadline(self._client.deadline):
            if self._wanted.is_set():
                await self._subscribe(line)
            else:
                await _send(line, "PING")

    async def _read(self, line: Line) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message: list[Any] = await line.connection.read_response()
            self._heard = loop.time()
            if message[0] == b"message":
                self._deliver(message[1], message[2])
            elif message[0] == b"subscribe":
                self._tell_gap("a topic was added")

    def _deliver(self, channel: bytes, payload: bytes) -> None:
        for handler in self._handlers.get(channel, ()):
            try:
                handler(payload)
            except Exception:
                log("esteio.redis").exception("bulletin.handler_failed", channel=channel.decode())

    def _tell_gap(self, reason: str) -> None:
        self.gaps += 1
        log("esteio.redis").debug("bulletin.gap", reason=reason)
        for handler in self._gap_handlers:
            try:
                handler()
            except Exception:
                log("esteio.redis").exception("bulletin.gap_handler_failed")


def channel_of(topic: str) -> bytes:
    return key("bulletin", SYSTEM, topic).encode()


async def _send(line: Line, *command: Any) -> None:
    await line.connection.send_packed_command(line.connection.pack_command(*command), check_health=False)
