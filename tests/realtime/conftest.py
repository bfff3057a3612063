"""A house whose facts are told: what the scheduler's process does is done beside it, in its own loop."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from esteio.catalog import SHIPPED
from esteio.realtime.channels import Channels
from esteio.realtime.parts import history_of
from esteio.realtime.relay import Relay
from esteio.runtime.channels import all_channels
from tests.conftest import House
from tests.house import Served

Telling = Callable[..., AbstractContextManager[Served]]

ROOM = {"REALTIME__MESSAGES": "100000/minute", "REALTIME__CONNECTIONS_PER_CALLER": "10000"}


@contextmanager
def relaying(served: Served) -> Iterator[None]:
    """Tell the house's facts for the time of the block."""
    resources = served.app.resources
    channels = Channels(all_channels(SHIPPED))
    relay = Relay(resources.database, history_of(resources, served.app.settings.realtime), channels)
    begun: list[asyncio.Task[None]] = []

    async def begin() -> None:
        begun.append(asyncio.create_task(relay.run()))

    async def end() -> None:
        begun[0].cancel()
        await asyncio.wait(begun)

    served.run(begin)
    try:
        yield
    finally:
        served.run(end)


@pytest.fixture(scope="session")
def telling(house: House) -> Telling:
    """Serves houses that tell their facts: `with telling(REALTIME__BUFFER_MESSAGES="10") as served:`."""

    @contextmanager
    def open_telling(**changes: Any) -> Iterator[Served]:
        with house(**{**ROOM, **changes}) as served, relaying(served):
            yield served

    return open_telling


@pytest.fixture(scope="module")
def told(telling: Telling) -> Iterator[Served]:
    """One such house for the tests of a module."""
    with telling() as served:
        yield served
