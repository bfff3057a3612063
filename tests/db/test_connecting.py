"""What every session of the house is told when it is opened."""

from collections.abc import Callable

import pytest

from esteio.db.database import Database
from tests.house import patient

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.mark.parametrize(("lasting", "idle"), [(5.0, "15s"), (40.0, "40s")])
async def test_idle_in_transaction(url: str, lasting: float, idle: str) -> None:
    """PostgreSQL ends a transaction in which nothing was said for 15 s, or for as long as the settings let one last."""
    database = Database(patient(url).model_copy(update={"transaction_timeout": lasting}))
    await database.open()
    try:
        async with database.connection() as connection:
            assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == idle
    finally:
        await database.close()
