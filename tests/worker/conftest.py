"""A deployment for real worker processes: a migrated database with the trial's table, an empty Valkey database."""

from collections.abc import Callable

import pytest

from tests.house import environment
from tests.worker.processes import prepare


@pytest.fixture
def deployment(new_database: Callable[[], str], new_redis: Callable[[], str]) -> dict[str, str]:
    """The environment of its processes."""
    database_url = new_database()
    prepare(database_url)
    return environment(database_url, new_redis())


@pytest.fixture
def database(deployment: dict[str, str]) -> str:
    """The address of its database."""
    return deployment["ESTEIO_DATABASE__URL"]
