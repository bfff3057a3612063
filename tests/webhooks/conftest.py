"""A deployment for each module of these tests that asks for one, and receivers for its webhooks."""

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import House
from tests.upstream.receiver import Receiver, receiving
from tests.webhooks.station import Station, station


@pytest.fixture(scope="module")
def desk(house: House, new_database: Callable[[], str], new_redis: Callable[[], str]) -> Iterator[Station]:
    """An API, a worker and a scheduler on databases of their own."""
    with station(house, new_database(), new_redis()) as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server on loopback that is sent webhooks."""
    with receiving() as running:
        yield running
