"""The parties, served in this process, and those who call them."""

from collections.abc import Iterator

import httpx
import pytest

from esteio.standins.fakestore import Shop, running_fakestore
from esteio.standins.mercadopago import Market, running_mercadopago
from tests.house import AMPLE, NO_TLS
from tests.standins.seller import Receiver, Seller, client_of, receiving


@pytest.fixture(scope="module")
def running_shop() -> Iterator[Shop]:
    with running_fakestore() as running:
        yield running


@pytest.fixture
def shop(running_shop: Shop) -> Shop:
    """As at its start."""
    running_shop.reset()
    return running_shop


@pytest.fixture
def caller(shop: Shop) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, timeout=AMPLE, verify=NO_TLS) as client:
        yield client


@pytest.fixture(scope="module")
def running_market() -> Iterator[Market]:
    with running_mercadopago() as running:
        yield running


@pytest.fixture(scope="module")
def running_receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def seller(running_market: Market, running_receiver: Receiver) -> Iterator[Seller]:
    """Someone who sells through a Mercado Pago that is as at its start, and has been told nothing yet."""
    running_market.reset()
    running_receiver.clear()
    with client_of(running_market) as client:
        yield Seller(running_market, running_receiver, client)
