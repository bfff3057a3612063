"""What all tests stand on: real engines, and databases that are copies of one that was migrated."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count, cycle
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings

# Metrics of several processes meet in a directory, which must be known before the first metric is made.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="esteio-test-metrics-"))

from esteio.base.clock import Clock
from esteio.catalog import SHIPPED
from esteio.embedded.engines import Engines, running_engines
from esteio.manifest import Manifest
from esteio.migrations.runner import migrate
from esteio.runtime.opening import service_folders
from tests.house import Served, environment, on_database, patient, serve, sql, unused_port

# How long an example takes says something of the machine only.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# What all these tests make the houses log is searched for what no log may show.
pytest_plugins = ["tests.logs.plugin"]

House = Callable[..., AbstractContextManager[Served]]
TEMPLATE = "template_esteio"
ROOM = 2_000_000_000
"""Bytes of the disk that a run of all tests writes at most at a time, with some left over."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """A full disk is said once, before the first test, and not by failures of every kind."""
    place = tempfile.gettempdir()
    if (free := shutil.disk_usage(place).free) < ROOM:
        needed = f"The tests need {ROOM / 1e9:.1f} GB in {place}, where {free / 1e9:.1f} GB are free."
        pytest.exit(f"{needed} Make room there, or let TMPDIR name a folder that has it.", pytest.ExitCode.USAGE_ERROR)


@contextmanager
def new_engines() -> Iterator[Engines]:
    """PostgreSQL and Valkey that nobody has used, for the time of the block."""
    place = Path(tempfile.mkdtemp(prefix="esteio-test-"))
    try:
        with running_engines(place, durable=False) as running:
            yield running
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """The engines of this run of the tests. A test that harms them mends them again."""
    with new_engines() as running:
        yield running


@pytest.fixture(scope="session")
def template(engines: Engines) -> str:
    """The name of a database at head, of which every test module gets a copy."""
    sql(engines.database_url, f"CREATE DATABASE {TEMPLATE} OWNER esteio")
    url = on_database(engines.database_url, TEMPLATE)
    asyncio.run(migrate(patient(url), service_folders(SHIPPED)))
    return TEMPLATE


@pytest.fixture(scope="session")
def databases() -> list[tuple[str, str]]:
    """The copies that are there: the address of their cluster, their names."""
    return []


@pytest.fixture(scope="module", autouse=True)
def databases_of_module(databases: list[tuple[str, str]]) -> Iterator[None]:
    """What the tests of a module wrote goes when they are done: a run needs little of the disk at a time."""
    before = len(databases)
    yield
    while len(databases) > before:
        cluster, name = databases.pop()
        sql(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def new_database(engines: Engines, template: str, databases: list[tuple[str, str]]) -> Callable[[], str]:
    """Makes a fresh migrated database; its address."""
    numbers = count(1)

    def make() -> str:
        name = f"esteio_{next(numbers)}"
        sql(engines.database_url, f"CREATE DATABASE {name} TEMPLATE {template} OWNER esteio")
        databases.append((engines.database_url, name))
        return on_database(engines.database_url, name)

    return make


@pytest.fixture(scope="session")
def new_redis(engines: Engines) -> Callable[[], str]:
    """Makes an empty database of Valkey, so that no house meets what callers of another have used up; its address."""
    numbers = cycle(range(1, 16))

    def make() -> str:
        address = f"{engines.redis_url.partition('?')[0]}?db={next(numbers)}"
        with redis.Redis.from_url(address) as client:
            client.flushdb()
        return address

    return make


@pytest.fixture(scope="session")
def house(engines: Engines, new_database: Callable[[], str], new_redis: Callable[[], str]) -> House:
    """Serves a house on databases of its own: `with house(HTTP__BODY_LIMIT="2048") as served:`.

    Houses on one `database_url` share Valkey too, as the processes of one deployment do.
    """

    @contextmanager
    def open_house(
        *,
        services: tuple[Manifest, ...] | None = None,
        clock: Clock | None = None,
        database_url: str | None = None,
        redis_url: str | None = None,
        **changes: str,
    ) -> Iterator[Served]:
        shared = engines.redis_url if database_url else None
        given = environment(database_url or new_database(), redis_url or shared or new_redis(), **changes)
        with serve(given, services=services, clock=clock) as served:
            yield served

    return open_house


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    """A house for the tests of one module, which do not disturb one another."""
    with house() as running:
        yield running


@pytest.fixture
def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    return unused_port()
