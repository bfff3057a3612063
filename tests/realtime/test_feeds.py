"""In whatever order news, pages, losses and listeners come: nothing is passed over, nothing comes twice."""

import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from esteio.base.principal import ANONYMOUS
from esteio.realtime.feed import RING, Feed, Subscription
from esteio.realtime.history import Page
from esteio.realtime.listener import Listener
from esteio.realtime.messages import Position
from esteio.realtime.settings import RealtimeSettings

SETTINGS = RealtimeSettings()
PORTION = 3
WALKS = 60
STEPS = (
    "publish",
    "publish",
    "publish",
    "news",
    "news",
    "read",
    "arrive",
    "join",
    "resume",
    "ancient",
    "lose",
    "stall",
    "drain",
)


class Ear(Listener):
    """A listener whose line is free, or stalled; what reaches it is checked as it comes."""

    def __init__(self, since: Position | None) -> None:
        self.stalled = False
        super().__init__(ANONYMOUS, "", SETTINGS, self._take)
        self.position = since
        self.gaps = 0
        self.came: list[dict[str, str]] = []

    def drain(self) -> None:
        self.stalled = False
        while self.mailbox:
            self.mailbox._bytes = 0
            self._hear(self.mailbox._waiting.popleft().text)
        self._emptied()

    def _take(self, frame: bytes) -> bool:
        if not self.stalled:
            self._hear(frame[frame.index(b"{") :])
        return not self.stalled

    def _hear(self, text: bytes) -> None:
        message = json.loads(text)
        epoch, _, number = message["position"].partition(":")
        come = Position(epoch, int(number))
        if message["type"] == "event":
            assert self.position is not None
            assert come == Position(self.position.epoch, self.position.sequence + 1)
            assert message["n"] == come.sequence
        self.gaps += message["type"] == "gap"
        self.position = come


@dataclass
class World:
    """Redis, what is on its way from there, and one feed."""

    feed: Feed = field(default_factory=lambda: Feed("t", "pets"))
    epoch: int = 1
    number: int = 0
    news: list[tuple[str, int]] = field(default_factory=list)
    ears: list[Ear] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    asked: tuple[Page, list[Subscription], int, int] | None = None
    losses: int = 0

    def publish(self) -> None:
        self.number += 1
        self.news.append((str(self.epoch), self.number))

    def deliver(self) -> None:
        if self.news:
            epoch, number = self.news.pop(0)
            self.feed.hear(epoch, number, b'"n":%d}' % number)

    def read(self) -> None:
        readers = self.feed.ready_to_read()
        if self.asked is None and readers:
            after = self.feed.aim(readers)
            matched = after.epoch == str(self.epoch)
            first = after.sequence + 1 if matched else self.number + 1
            last = min(self.number, first + PORTION - 1)
            bodies = [b'"n":%d}' % number for number in range(first, last + 1)] if matched else []
            page = Page(str(self.epoch), self.number, first, bodies, matched)
            self.asked = page, readers, self.feed.heard, self.losses

    def arrive(self) -> None:
        if self.asked is not None:
            page, readers, heard, losses = self.asked
            self.asked = None
            self.feed.take(page, readers, heard, losses == self.losses)

    def join(self, since: Position | None = None) -> None:
        ear = Ear(since)
        subscription = Subscription(self.feed, ear, since)
        self.ears.append(ear)
        self.subscriptions.append(subscription)
        self.feed.join(subscription)

    def resume(self) -> None:
        """Somebody leaves and comes back where it was."""
        if self.ears and self.ears[0].position is not None:
            gone, subscription = self.ears.pop(0), self.subscriptions.pop(0)
            self.feed.leave(subscription)
            self.join(gone.position)

    def ancient(self) -> None:
        """Somebody comes back after a long time."""
        self.join(Position(str(self.epoch), 0))

    def stranger(self) -> None:
        """Somebody comes with a position of another life."""
        self.join(Position("0", 5))

    def lose(self) -> None:
        """The subscription to the news breaks and stands again."""
        self.news.clear()
        self.losses += 1
        self.feed.doubt()

    def flush(self) -> None:
        self.epoch, self.number = self.epoch + 1, 0

    def stall(self) -> None:
        for ear in self.ears[::2]:
            ear.stalled = True

    def drain(self) -> None:
        for ear in self.ears:
            ear.drain()

    def step(self, name: str) -> None:
        {"news": self.deliver}.get(name, getattr(self, name, None))()  # type: ignore[misc]

    def settle(self) -> None:
        """Nothing more happens: all that is on its way arrives."""
        self.arrive()
        while self.news:
            self.deliver()
        for _ in range(self.number + 10 * (len(self.ears) + self.epoch) + RING):
            self.drain()
            self.read()
            self.arrive()


def lived(steps: list[str]) -> World:
    async def live() -> World:
        world = World()
        for name in steps:
            world.step(name)
        world.settle()
        return world

    return asyncio.run(live())


def walks(seed: int, steps: Sequence[str], then: Sequence[str] = ()) -> Iterator[World]:
    """Lives of different lengths, the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(WALKS):
        yield lived([*chance.choices(steps, k=chance.randrange(10, 200)), *then])


@pytest.mark.parametrize("seed", range(10))
def test_without_a_loss_of_data_there_is_no_gap(seed: int) -> None:
    """As long as Redis keeps the messages everyone hears each of them once and in order, up to the last one."""
    for world in walks(seed, STEPS):
        assert not world.feed.waiting
        for ear in world.ears:
            assert ear.position == Position("1", world.number)
            assert ear.gaps == 0


@pytest.mark.parametrize("seed", range(10))
def test_lost_data_is_told_and_everyone_ends_in_the_present(seed: int) -> None:
    """When Redis loses everything, whoever heard something of before is told of a gap; all reach the last message."""
    for world in walks(seed, (*STEPS, "flush", "stranger"), ("join", "settle", "flush", "publish", "news")):
        assert not world.feed.waiting
        for ear in world.ears:
            assert ear.position == Position(str(world.epoch), world.number)
        assert world.ears[-1].gaps >= 1
