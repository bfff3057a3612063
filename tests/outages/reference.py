"""The counting of units that are out, as slowly and plainly as it can be said. Shares no line with what is tested."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Pair = tuple[int, int]
HOURS = (1, 3, 6, 12, 24, 48)


@dataclass
class Outage:
    """An outage as it was last reported; of each pair how many units are out, or which."""

    planned: bool
    began: datetime
    ended: datetime | None
    areas: dict[Pair, int | frozenset[str]]
    id: str = ""


@dataclass
class Counts:
    planned: int = 0
    unplanned: int = 0
    bands: list[list[int]] = field(default_factory=lambda: [[0, 0] for _ in range(7)])


def counted(
    outages: Sequence[Outage], universe: Mapping[Pair, int], moment: datetime
) -> dict[Pair, tuple[int, Counts]]:
    """By pair how many units are served, and what is out of them; pairs with nothing out are left out."""
    going_on = [
        outage for outage in outages if outage.began <= moment and (outage.ended is None or moment < outage.ended)
    ]
    going_on.sort(key=lambda outage: (outage.began, not outage.planned, outage.id))
    found: dict[Pair, Counts] = defaultdict(Counts)
    seen: set[tuple[Pair, str]] = set()
    for outage in going_on:
        for pair, out in outage.areas.items():
            for unit in [""] * out if isinstance(out, int) else sorted(out):
                if unit and (pair, unit) in seen:
                    continue
                seen.add((pair, unit))
                found[pair].bands[band(moment - outage.began)][not outage.planned] += 1
    bounded = {pair: _bounded(counts, universe.get(pair)) for pair, counts in found.items()}
    return {pair: entry for pair, entry in sorted(bounded.items()) if entry[1].planned + entry[1].unplanned}


def band(lasted: timedelta) -> int:
    """Which of the seven spans of hours it is."""
    return sum(lasted >= timedelta(hours=hours) for hours in HOURS)


def _bounded(counts: Counts, served: int | None) -> tuple[int, Counts]:
    planned, unplanned = (sum(out[kind] for out in counts.bands) for kind in (0, 1))
    if served is None:
        served = planned + unplanned
    room = [0, min(unplanned, served)]
    room[0] = min(planned, served - room[1])
    result = Counts(room[0], room[1])
    for place in reversed(range(7)):
        for kind in (0, 1):
            taken = min(counts.bands[place][kind], room[kind])
            result.bands[place][kind] = taken
            room[kind] -= taken
    return served, result
