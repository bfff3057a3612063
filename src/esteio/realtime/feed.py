"""One channel of one tenant in one process: what was heard of it lately, and who listens.

A subscription is either live, then it gets every message as it is heard; or it waits with a position of its own, until
what lies between that and the newest messages was read from the history. So no message is passed over and none comes
twice, however late the news and whenever somebody joins.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice

from esteio.realtime import metrics
from esteio.realtime.history import Page
from esteio.realtime.listener import Listener
from esteio.realtime.messages import Message, Position, event

RING = 64
"""Newest messages that are held here: who comes back at once needs no reading."""


class Subscription:
    """A listener's place in a feed. `at` is the position behind it while it waits; `None` until it has a beginning."""

    __slots__ = ("at", "feed", "listener", "ready", "resumes")

    def __init__(self, feed: "Feed", listener: Listener, since: Position | None) -> None:
        self.feed = feed
        self.listener = listener
        self.at = since
        self.resumes = since is not None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def takes(self) -> bool:
        """Whether it can be given anything now: a beginning always, more only while its listener keeps up."""
        return not (self.listener.busy and self.ready.done())

    def begin(self, at: Position) -> None:
        """It has a place from which it goes on."""
        if not self.ready.done():
            self.listener.welcome(self.feed.channel, at)
            self.ready.set_result(None)

    def resumed(self, outcome: str) -> None:
        if self.resumes:
            metrics.resumed().labels(outcome).inc()
            self.resumes = False


class Feed:
    """`epoch` and `last` are where the channel stands as far as was heard, `ring` the messages up to there without a
    hole. In `doubt`, news may have been missed: only a page of the history tells.
    """

    def __init__(self, tenant: str, channel: str) -> None:
        self.tenant = tenant
        self.channel = channel
        self.live: dict[Subscription, None] = {}
        self.waiting: dict[Subscription, None] = {}
        self.heard = 0
        self._epoch = ""
        self._last = -1
        self._ring: deque[Message] = deque(maxlen=RING)
        self._doubt = True

    def hear(self, epoch: str, number: int, body: bytes) -> None:
        """News of a message."""
        self.heard += 1
        follows = epoch == self._epoch and number == self._last + 1
        if epoch == self._epoch and number <= self._last:
            return
        message = event(self.channel, Position(epoch, number), body)
        if not follows:
            self._part()
            self._ring.clear()
        self._epoch, self._last = epoch, number
        self._ring.append(message)
        if self.live:
            metrics.delivered().inc(len(self.live))
            for subscription in self.live:
                subscription.listener.tell(message)

    def doubt(self) -> None:
        """News may have been missed."""
        self._doubt = True
        self._part()

    def join(self, subscription: Subscription) -> bool:
        """Whether it could begin at once; else it waits."""
        if subscription.at is None and not self._doubt:
            subscription.at = Position(self._epoch, self._last)
        self.waiting[subscription] = None
        return self._settle(subscription)

    def leave(self, subscription: Subscription) -> None:
        self.live.pop(subscription, None)
        self.waiting.pop(subscription, None)

    def ready_to_read(self) -> list[Subscription]:
        """Those who wait and can take something now; whoever is still busy with a portion comes later."""
        return [waiting for waiting in self.waiting if waiting.takes]

    def aim(self, readers: Sequence[Subscription]) -> Position:
        """From where to read, so that it serves as many of them as one page can."""
        places = [reader.at for reader in readers if reader.at is not None]
        epoch = self._epoch if any(at.epoch == self._epoch for at in places) else (places[0].epoch if places else "0")
        return min((at for at in places if at.epoch == epoch), default=Position(epoch, 0))

    def take(self, page: Page, readers: Sequence[Subscription], heard: int, sure: bool) -> bool:
        """Go on with a page that was asked for when `heard` messages had been heard; whether anybody got further.

        `sure` says that no news can have been missed since it was asked for.
        """
        if page.epoch == self._epoch:
            # Whoever is live gets there by the news, which is only late.
            if page.last > self._last and not self.live:
                self._last = page.last
                self._ring.clear()
        elif heard == self.heard:  # what was heard before is older than the page
            self._part()
            self._epoch, self._last = page.epoch, page.last
            self._ring.clear()
        self._doubt = self._doubt and not sure
        messages = [
            event(self.channel, Position(page.epoch, page.first + place), body)
            for place, body in enumerate(page.bodies)
        ]
        moved = [self._serve(reader, page, messages) for reader in readers if reader in self.waiting]
        return any(moved)

    def _serve(self, reader: Subscription, page: Page, messages: Sequence[Message]) -> bool:
        before = reader.at
        if not reader.takes:
            return False
        if before is None:
            reader.at = page.end
            reader.begin(page.end)
        elif before.epoch != page.epoch or before.sequence > page.last:
            self._miss(reader, page)
        elif page.matched and before.sequence == page.last:
            reader.begin(before)
        elif page.matched and before.sequence + 1 < page.first:
            self._miss(reader, page)
        elif page.matched:
            self._replay(reader, before, messages, page.first)
        return self._settle(reader) or reader.at != before

    def _miss(self, reader: Subscription, page: Page) -> None:
        reader.resumed("gap")
        reader.begin(page.end)
        reader.listener.missed(self.channel, page.end)
        reader.at = page.end

    def _replay(self, reader: Subscription, at: Position, messages: Sequence[Message], first: int) -> None:
        busy = reader.listener.busy
        reader.begin(at)
        if busy:
            return  # the rest when it has taken what waits for it
        for message in islice(messages, at.sequence + 1 - first, None):
            reader.listener.replay(message)
            reader.at = message.position

    def _settle(self, waiting: Subscription) -> bool:
        """Let it be live, if what is held here leads from its position to the newest message."""
        at = waiting.at
        if at is None or self._doubt or at.epoch != self._epoch:
            return False
        behind = self._last - at.sequence
        if not 0 <= behind <= len(self._ring) or (behind and waiting.listener.busy):
            return False
        waiting.resumed("complete")
        self._replay(waiting, at, self._ring, self._last - len(self._ring) + 1)
        self.waiting.pop(waiting)
        self.live[waiting] = None
        return True

    def _part(self) -> None:
        """Everyone goes on from where the feed stands now, by reading."""
        here = Position(self._epoch, self._last)
        for subscription in self.live:
            subscription.at = here
        self.waiting.update(self.live)
        self.live.clear()
