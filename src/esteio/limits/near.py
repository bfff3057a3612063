"""The callers of this process who have used half of a quota or more, or were refused lately: a bounded memory."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from esteio.limits.policy import BUCKETS
from esteio.limits.script import HORIZON
from esteio.limits.slot import Slot

NEAR: Final = 0.5
"""From this share of a quota on a caller counts as near its end."""

REFUSED_SECONDS: Final = 300.0
"""How far back refusals are told."""

MOST: Final = 512
TOLD: Final = 256
EACH: Final = 16
"""So many of a tenant come before the first of the next who has more: one tenant's crowd hides no other's."""

STEP: Final = 4.0
PASSED: Final = (BUCKETS + HORIZON + 2) / BUCKETS
"""After so many windows without a question nothing is counted any more."""


class Sight(NamedTuple):
    """How a counted key looks from here: units used when Redis was last asked, units held, refusals of late."""

    key: str
    used: int
    held: int
    refused: int


class Near:
    """Nobody asks it while deciding: slots are noted where Redis has answered, and looked at every few seconds."""

    def __init__(self, monotonic: Callable[[], float], most: int = MOST) -> None:
        self._monotonic = monotonic
        self._most = most
        self._noted: dict[str, _Noted] = {}

    def note(self, slot: Slot) -> None:
        """Keep the slot in view where half of its quota is taken, by units held here too.

        So whoever spends what is held without a further question is in view as well.
        """
        if slot.taken >= slot.policy.quota * NEAR:
            self.keep(slot)

    def keep(self, slot: Slot) -> None:
        """Keep the slot in view; where there are too many, until the next look at them has made room."""
        noted = self._noted.get(slot.key)
        if noted is not None:
            noted.see(slot, self._monotonic())
        elif len(self._noted) < self._most:
            self._noted[slot.key] = _Noted(slot, self._monotonic())

    def sights(self) -> list[Sight]:
        """Those in view, the fullest of each tenant first; at most 256. Forgets those that are over, and the rest."""
        now = self._monotonic()
        for noted in self._noted.values():
            noted.look(now)
        lasting = [noted for noted in self._noted.values() if not noted.over(now)]
        kept = _fairly(sorted(lasting, key=_Noted.fullness, reverse=True))[:TOLD]
        self._noted = {noted.slot.key: noted for noted in kept}
        return [noted.sight(now) for noted in kept]

    def slots(self) -> Iterable[Slot]:
        """The slots in view."""
        return [noted.slot for noted in self._noted.values()]


class _Noted:
    """A slot in view, with the refusals of the last minutes in steps of four seconds."""

    __slots__ = ("_at", "_refusals", "slot")

    def __init__(self, slot: Slot, now: float) -> None:
        self.slot = slot
        self._at = now
        self._refusals: deque[list[float]] = deque()

    def see(self, slot: Slot, now: float) -> None:
        if slot is not self.slot:
            self.look(now)
            self.slot = slot
        self._at = now

    def look(self, now: float) -> None:
        """Count what was refused since the last look, and forget what is long ago."""
        more, self.slot.refused = self.slot.refused, 0
        if more and self._refusals and now - self._refusals[-1][0] < STEP:
            self._refusals[-1][1] += more
        elif more:
            self._refusals.append([now, more])
        while self._refusals and now - self._refusals[0][0] > REFUSED_SECONDS:
            self._refusals.popleft()

    def over(self, now: float) -> bool:
        return not self._refusals and now - self._at > PASSED * self.slot.policy.window

    def fullness(self) -> float:
        return self.slot.taken / self.slot.policy.quota

    def sight(self, now: float) -> Sight:
        slot, refused = self.slot, int(sum(count for _, count in self._refusals))
        alone = slot.ledger.used(now) if slot.ledger is not None else 0
        return Sight(slot.key, max(0, alone, slot.taken - slot.held), slot.held, refused)


def _fairly(ranked: Sequence[_Noted]) -> list[_Noted]:
    """The first sixteen of every tenant, then the next sixteen of every tenant, and so on."""
    seen: Counter[str] = Counter()
    places: list[tuple[int, _Noted]] = []
    for noted in ranked:
        tenant = noted.slot.key.partition("}")[0]
        places.append((seen[tenant] // EACH, noted))
        seen[tenant] += 1
    return [noted for _, noted in sorted(places, key=lambda place: place[0])]
