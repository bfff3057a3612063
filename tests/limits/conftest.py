import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "redis"))  # the engine that both floors' tests start

from valkey_process import ValkeyProcess


@pytest.fixture
def valkey() -> Iterator[ValkeyProcess]:
    process = ValkeyProcess()
    process.start()
    yield process
    process.discard()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
