"""The shop, served in this process, and someone who calls it."""

from collections.abc import Iterator

import httpx
import pytest

from esteio.standins.fakestore import Shop, running_fakestore


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
    with httpx.Client(base_url=shop.url, timeout=15) as client:
        yield client
