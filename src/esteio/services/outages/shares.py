"""Dividing the consumer units of an interruption among the places that it touches."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.services.outages.schemas import Area
from esteio.services.outages.universe import pairs

Place = tuple[int, int]
"""A conjunto and a município."""


class Universe:
    """How many consumer units each (conjunto, município) has."""

    def __init__(self, served: Mapping[Place, int]) -> None:
        self._served = dict(served)
        self._places: dict[int, list[Place]] = {}
        for place in sorted(self._served):
            self._places.setdefault(place[0], []).append(place)

    def places_of(self, conjunto: int) -> Sequence[Place]:
        """Where the conjunto serves anybody, as far as is known."""
        return self._places.get(conjunto, ())

    def divide(self, whole: int, places: Collection[Place]) -> dict[Place, int]:
        """The whole over the places in proportion to whom they serve; in equal parts where that of one is unknown."""
        ordered = sorted(places)
        if len(ordered) == 1:
            return {ordered[0]: whole}
        weights = [self._served.get(place, 0) for place in ordered]
        if not all(weights):
            weights = [1] * len(ordered)
        return dict(zip(ordered, parts_of(whole, weights), strict=True))

    def areas(self, whole: int, places: Collection[Place]) -> tuple[Area, ...]:
        """The same as areas."""
        return areas_of(self.divide(whole, places).items())


def areas_of(affected: Iterable[tuple[Place, int]]) -> tuple[Area, ...]:
    """Areas of which nobody knows which consumer units they are."""
    return tuple(Area(conjunto, municipio, units) for (conjunto, municipio), units in affected)


def parts_of(whole: int, weights: Sequence[int]) -> list[int]:
    """Whole parts that sum to the whole, in proportion to weights above zero: the largest remainders are rounded up.

    Of equal remainders the first is, so that the same question has the same answer.
    """
    total = sum(weights)
    parts = [whole * weight // total for weight in weights]
    remainders = [whole * weight % total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -remainders[place])
    for place in by_remainder[: whole - sum(parts)]:
        parts[place] += 1
    return parts


async def universe_of(session: AsyncSession) -> Universe:
    """The universe of the session's tenant."""
    rows = await session.execute(pairs())
    return Universe({(conjunto, municipio): served for conjunto, municipio, served in rows})
