"""The response cache of one process, and how it learns that what it holds has become old.

Every entry carries tags. A committed write touches its tags: at once in its own process, within milliseconds in the
others through the bulletin. An entry is only kept when none of its tags was touched since its making began, so a slow
read cannot bring back what a write has just replaced. Out of touch with the others, nothing is kept at all.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from esteio.base.clock import Clock
from esteio.http.answers import Resource

_MAX_TAGS = 50_000

Key = tuple[str | bytes, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """The place that a request found empty and may fill: its key, and what had been touched when it was handed out."""

    key: Key
    tags: tuple[str, ...]
    seen: tuple[int, ...]
    since: float
    until: float


@dataclass(slots=True)
class _Entry:
    """`looked_at` is the number of the change up to which the tags were found untouched."""

    resource: Resource
    slot: Slot
    size: int
    looked_at: int


class ResponseCache:
    """Bounded by bytes, least recently used out first. Times are on the monotonic clock."""

    def __init__(self, max_bytes: int, clock: Clock, in_touch: Callable[[], bool]) -> None:
        self._max_bytes = max_bytes
        self._now = clock.monotonic
        self._in_touch = in_touch
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._touches: dict[str, int] = {}
        self._touched_at: dict[str, float] = {}
        self._cleared_at = self._now()
        self._clearings = 0
        self._changes = 0
        self._bytes = 0
        self.hits = 0
        self.misses = 0

    @property
    def entries(self) -> int:
        """Answers that are kept."""
        return len(self._entries)

    @property
    def size(self) -> int:
        """Their bytes."""
        return self._bytes

    def get(self, key: Key) -> Resource | None:
        """The kept resource, if it is within its time and none of its tags was touched since."""
        entry = self._entries.get(key)
        if entry is None or not self._in_touch():
            return None
        if entry.slot.until <= self._now() or (entry.looked_at != self._changes and self._is_old(entry)):
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        self.hits += 1
        return entry.resource

    def slot(self, key: Key, tags: tuple[str, ...], seconds: float) -> Slot:
        """Ask for a place before the answer is made: its `seconds` count from now, not from when it is filled."""
        self.misses += 1
        now = self._now()
        return Slot(key, tags, self.seen(tags), now, now + seconds)

    def fill(self, slot: Slot, resource: Resource) -> None:
        """Keep what was made, unless it may have become old while it was made. From then on it was kept before: HIT."""
        if resource.keep is not None:
            slot = replace(slot, until=min(slot.until, slot.since + resource.keep))
        if resource.origin is not None:
            resource = replace(resource, origin=replace(resource.origin, state="HIT"))
        size = resource.size()
        if slot.until <= self._now():
            return
        if not self._in_touch() or size > self._max_bytes // 8 or slot.seen != self.seen(slot.tags):
            return
        self._drop(slot.key)
        self._entries[slot.key] = _Entry(resource, slot, size, self._changes)
        self._bytes += size
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def touch(self, tags: Iterable[str]) -> None:
        """What carries one of the tags is old from now on."""
        self._changes += 1
        now = self._now()
        for tag in tags:
            self._touches[tag] = self._touches.get(tag, 0) + 1
            self._touched_at[tag] = now
        if len(self._touches) > _MAX_TAGS:
            self.clear()

    def clear(self) -> None:
        """Forget everything, also what is being made: messages may have been missed."""
        self._entries.clear()
        self._touches.clear()
        self._touched_at.clear()
        self._cleared_at = self._now()
        self._bytes = 0
        self._clearings += 1
        self._changes += 1

    def seen(self, tags: tuple[str, ...]) -> tuple[int, ...]:
        """Another value whenever one of the tags was touched, or messages may have been missed, since it was asked."""
        touches = self._touches
        return (self._clearings, *[touches.get(tag, 0) for tag in tags])

    def touched_at(self, tags: tuple[str, ...]) -> float:
        """The instant since which none of the tags was touched and no message can have been missed.

        What an answer is made from must not be older, if it is to be kept: nobody will touch its tags once more for
        a change that was told before.
        """
        moments = self._touched_at
        return max([self._cleared_at, *[moments.get(tag, 0.0) for tag in tags]])

    def _is_old(self, entry: _Entry) -> bool:
        entry.looked_at = self._changes
        return entry.slot.seen != self.seen(entry.slot.tags)

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size


def tenant_tag(tenant: UUID, tag: str) -> str:
    """A tag as it is kept: two tenants' writes never touch one another's answers."""
    return f"{tenant}:{tag}"
