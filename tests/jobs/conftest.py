from collections.abc import AsyncIterator, Callable

import pytest

from esteio.embedded.engines import Engines
from tests.jobs.bench import Bench, opened_bench


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
async def bench(database_url: str, engines: Engines) -> AsyncIterator[Bench]:
    """A bench without any job."""
    async with opened_bench(database_url, engines.redis_url) as opened:
        yield opened
