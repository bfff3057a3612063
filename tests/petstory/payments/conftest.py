"""A shop whose customers pay at a Mercado Pago that stands beside it, as time goes on."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from esteio.base.clock import TurnableClock
from esteio.standins.mercadopago.running import Market
from tests.conftest import House
from tests.house import Served
from tests.petstory.payments.till import Till, paying, well
from tests.petstory.shop import Shop


@pytest.fixture(scope="module")
def clock() -> TurnableClock:
    """Begins at the time of the market, which has its own."""
    return TurnableClock(datetime.now(UTC))


@pytest.fixture(scope="module")
def served(house: House, clock: TurnableClock, market: Market) -> Iterator[Served]:
    with house(clock=clock, **paying(market)) as running:
        yield running


@pytest.fixture
def till(served: Served, market: Market) -> Till:
    well(market)
    return Till(Shop.at(served), market)
