from collections.abc import Callable, Iterator

import pytest

from tests.redis.valkey_process import ValkeyProcess
from tests.upstream.receiver import Receiver, receiving


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The party that is called."""
    with receiving() as running:
        yield running


@pytest.fixture
def redis_url(new_redis: Callable[[], str]) -> str:
    """An empty Redis that nobody harms."""
    return new_redis()


@pytest.fixture
def valkey() -> Iterator[ValkeyProcess]:
    """A Redis of the test's own, to be stopped and silenced."""
    process = ValkeyProcess()
    process.start()
    yield process
    process.discard()
