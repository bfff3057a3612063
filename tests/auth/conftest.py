"""A database for each module of these tests, and the event loop that their coroutines run on."""

from collections.abc import Callable

import pytest


@pytest.fixture(scope="module")
def url(new_database: Callable[[], str]) -> str:
    """The address of a migrated database that this module has for itself."""
    return new_database()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
