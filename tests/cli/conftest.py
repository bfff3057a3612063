"""`esteio` as a process, against databases of the test run."""

from collections.abc import Callable

import pytest

from esteio.embedded.engines import Engines
from tests.cli.command import Run, run
from tests.house import environment, on_database, sql


@pytest.fixture(scope="module")
def settings(engines: Engines, new_database: Callable[[], str]) -> dict[str, str]:
    """The environment of a deployment with a database at head."""
    enough = {"LIMITS__DEFAULT": "1000000/minute", "HTTP__DRAIN_SECONDS": "30"}
    return environment(new_database(), engines.redis_url, **enough)


@pytest.fixture(scope="module")
def esteio(settings: dict[str, str]) -> Callable[..., Run]:
    """Runs a command to its end: `esteio("keys", "list")`."""

    def call(*arguments: str, said: str = "", **changes: str) -> Run:
        return run(*arguments, environment={**settings, **changes}, said=said)

    return call


@pytest.fixture
def empty_database(engines: Engines) -> str:
    """The address of a database that was never migrated."""
    name = "esteio_empty"
    sql(engines.database_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    sql(engines.database_url, f"CREATE DATABASE {name} OWNER esteio")
    return on_database(engines.database_url, name)
