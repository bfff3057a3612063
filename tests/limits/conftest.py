from collections.abc import Iterator

import pytest

from tests.redis.valkey_process import ValkeyProcess


@pytest.fixture
def valkey() -> Iterator[ValkeyProcess]:
    process = ValkeyProcess()
    process.start()
    yield process
    process.discard()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
