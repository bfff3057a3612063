"""Values that are kept of what a party answered, and for how long."""

import random
from dataclasses import dataclass
from typing import Literal

from esteio.upstream.entry import Entry

State = Literal["HIT", "MISS", "STALE"]

CLOCKS_APART = 60.0
"""Seconds by which the clocks of two machines may differ."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many seconds a value is fresh, then stale but still good, and how long it is known that there is none.

    `jitter` shortens each freshness by a random share of at most so much, so that what was fetched together is not
    fetched again together.
    """

    fresh: float
    stale: float
    missing: float
    jitter: float = 0.1

    def entry(self, value: bytes | None, now: float) -> Entry:
        """The value as it is kept from now on."""
        share = 1 - self.jitter * random.random()  # noqa: S311 - spreads load, guards nothing
        if value is None:
            return Entry(None, now, now + self.missing * share, now + self.missing * share)
        fresh_until = now + self.fresh * share
        return Entry(value, now, fresh_until, fresh_until + self.stale)


@dataclass(frozen=True, slots=True)
class Kept:
    """A value, `None` where the party has none. `at` is when it was fetched, in seconds of the epoch.

    MISS: fetched for this call. HIT: fresh. STALE: past its freshness, being fetched anew meanwhile.
    """

    value: bytes | None
    state: State
    at: float


def judged(entry: Entry | None, now: float) -> Kept | None:
    """The entry's value while it is good. What comes from the future is stale: the clock was set back since."""
    if entry is None or now >= entry.good_until:
        return None
    fresh = entry.at - CLOCKS_APART < now < entry.fresh_until
    return Kept(entry.value, "HIT" if fresh else "STALE", entry.at)
