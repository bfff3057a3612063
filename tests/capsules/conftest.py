"""A house for each module of these tests, whose callers may make capsules as often as they like."""

from collections.abc import Iterator

import pytest

from esteio.base.clock import TurnableClock
from tests.capsules.maker import open_limit
from tests.conftest import House
from tests.house import Served


@pytest.fixture(scope="module")
def clock() -> TurnableClock:
    """The time of the house, which tests turn."""
    return TurnableClock()


@pytest.fixture(scope="module")
def served(house: House, clock: TurnableClock) -> Iterator[Served]:
    with house(clock=clock) as running:
        open_limit(running)
        yield running
