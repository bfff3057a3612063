"""All feeds of a process: hears the news, reads what was missed, brings everyone to the newest message."""

import asyncio
from contextlib import suppress

from esteio.base.errors import Unavailable
from esteio.realtime.feed import Feed, Subscription
from esteio.realtime.history import TOPIC, History
from esteio.realtime.listener import Listener
from esteio.realtime.messages import Position
from esteio.redis.bulletin import Bulletin
from esteio.telemetry.logs import log

AT_ONCE = 16
"""Feeds that are read together."""

AGAIN = 0.25
"""Seconds until those are read again of whom nobody got further."""


class Hub:
    """Memory: one feed for each channel that somebody here listens to, with at most `RING` messages."""

    def __init__(self, history: History, bulletin: Bulletin) -> None:
        self._history = history
        self._bulletin = bulletin
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._subscriptions: dict[Listener, dict[str, Subscription]] = {}
        self._unsettled: dict[Feed, None] = {}
        self._work = asyncio.Event()
        self._gaps = 0
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Hear the news from now on. Redis may be down."""
        self._bulletin.on(TOPIC, self._hear)
        self._bulletin.on_gap(self._doubt)
        self._reading = asyncio.create_task(self._read_on())

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def join(self, listener: Listener, channel: str, since: Position | None) -> None:
        """Let the listener hear the channel, from the position on where one is given; returns when that has begun.

        What lies between the position and the present is told first; where it is gone, that is told. Raises
        `Unavailable` when Redis does not say where the channel stands.
        """
        place = (listener.principal.tenant_text, channel)
        feed = self._feeds.get(place)
        if feed is None:
            feed = self._feeds[place] = Feed(*place)
        subscription = Subscription(feed, listener, since)
        self._subscriptions.setdefault(listener, {})[channel] = subscription
        listener.drained = self._drained
        if not feed.join(subscription):
            self._read_soon(feed)
        await subscription.ready

    def heard_by(self, listener: Listener) -> list[str]:
        """The channels of the listener."""
        return list(self._subscriptions.get(listener, ()))

    def leave(self, listener: Listener, channel: str) -> None:
        """The listener hears the channel no more; harmless when it did not."""
        mine = self._subscriptions.get(listener, {})
        subscription = mine.pop(channel, None)
        if subscription is None:
            return
        if not mine:
            del self._subscriptions[listener]
        feed = subscription.feed
        feed.leave(subscription)
        if not feed.live and not feed.waiting:
            self._unsettled.pop(feed, None)
            self._feeds.pop((feed.tenant, feed.channel), None)

    def leave_all(self, listener: Listener) -> None:
        for channel in self.heard_by(listener):
            self.leave(listener, channel)

    def _hear(self, payload: bytes) -> None:
        """`tenant channel epoch number channel epoch number …`, a line break, the body."""
        head, _, body = payload.partition(b"\n")
        tenant, *places = head.decode().split(" ")
        for place in range(0, len(places), 3):
            feed = self._feeds.get((tenant, places[place]))
            if feed is not None:
                feed.hear(places[place + 1], int(places[place + 2]), body)
                if feed.waiting:
                    self._read_soon(feed)

    def _doubt(self) -> None:
        self._gaps += 1
        for feed in self._feeds.values():
            feed.doubt()
            self._read_soon(feed)

    def _drained(self, listener: Listener) -> None:
        for subscription in self._subscriptions.get(listener, {}).values():
            if subscription in subscription.feed.waiting:
                self._read_soon(subscription.feed)

    def _read_soon(self, feed: Feed) -> None:
        self._unsettled[feed] = None
        self._work.set()

    async def _read_on(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            feeds, self._unsettled = list(self._unsettled), {}
            for place in range(0, len(feeds), AT_ONCE):
                await asyncio.gather(*(self._read(feed) for feed in feeds[place : place + AT_ONCE]))

    async def _read(self, feed: Feed) -> None:
        try:
            await self._advance(feed)
        except Exception:
            log("esteio.realtime").exception("hub.reading_failed", channel=feed.channel)
            self._later(feed)

    async def _advance(self, feed: Feed) -> None:
        readers = feed.ready_to_read()
        if not readers:
            return
        heard, gaps, connected = feed.heard, self._gaps, self._bulletin.connected
        try:
            page = await self._history.read(feed.tenant, feed.channel, feed.aim(readers))
        except Unavailable as error:
            self._refuse(readers, error)
            self._later(feed)
            return
        moved = feed.take(page, readers, heard, connected and gaps == self._gaps)
        if feed.waiting:
            if moved:
                self._read_soon(feed)
            else:
                self._later(feed)

    def _refuse(self, readers: list[Subscription], error: Unavailable) -> None:
        """Whoever has not begun is told so; the others wait for better times."""
        for reader in readers:
            if not reader.ready.done():
                reader.ready.set_exception(error)
                reader.ready.exception()  # its listener may have gone
                self.leave(reader.listener, reader.feed.channel)

    def _later(self, feed: Feed) -> None:
        asyncio.get_running_loop().call_later(AGAIN, self._if_still_waiting, feed)

    def _if_still_waiting(self, feed: Feed) -> None:
        if feed.waiting:
            self._read_soon(feed)
