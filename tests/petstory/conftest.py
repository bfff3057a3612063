"""A house whose clock can be turned, with a folder of its own for files, and a shop at it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from esteio.base.clock import TurnableClock
from esteio.standins.mercadopago.running import Market, running_mercadopago
from tests.conftest import House
from tests.house import Served
from tests.petstory.shop import Shop

STARTED = datetime(2026, 11, 1, 12, tzinfo=UTC)

ROOMY = {
    "PETSTORY__ORDERS_EMAIL": "10000",
    "PETSTORY__UPLOADS_EMAIL": "10000",
    "LIMITS__ENABLED": "false",
    "PETSTORY__PHOTO_SIDE": "1",
}
"""A shop whose customers are not held up; what holds them up is tested apart."""


@pytest.fixture(scope="module")
def clock() -> TurnableClock:
    return TurnableClock(STARTED)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of objects."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with running_mercadopago() as running:
        yield running


@pytest.fixture(scope="module")
def served(house: House, clock: TurnableClock, files: Path) -> Iterator[Served]:
    with house(clock=clock, FILES__URL=f"file://{files}", **ROOMY) as running:
        yield running


@pytest.fixture
def shop(served: Served) -> Shop:
    return Shop.at(served)
