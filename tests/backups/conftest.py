"""Deployments to back up, and a second cluster, which knows nothing of the first, to restore into."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from esteio.embedded.engines import Engines
from tests.backups.scene import Scene, scene, superuser
from tests.conftest import new_engines
from tests.house import on_database, sql

NewScene = Callable[..., Scene]
Emptied = Callable[[Scene], Scene]


@pytest.fixture(scope="session")
def second_cluster() -> Iterator[Engines]:
    """A cluster that has neither the roles nor the tables of the first."""
    with new_engines() as running:
        yield running


@pytest.fixture(scope="session")
def new_scene(
    new_database: Callable[[], str], new_redis: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> NewScene:
    """Makes a deployment with a migrated database."""

    def make(**changes: str) -> Scene:
        made = scene(tmp_path_factory.mktemp("deployment"), new_database(), new_redis(), **changes)
        made.kept.mkdir(parents=True)
        return made

    return make


@pytest.fixture(scope="session")
def empty_databases(second_cluster: Engines) -> Callable[[], str]:
    numbers = count(1)

    def make() -> str:
        name = f"restored_{next(numbers)}"
        sql(second_cluster.database_url, f"CREATE DATABASE {name} OWNER esteio")
        return on_database(second_cluster.database_url, name)

    return make


@pytest.fixture(scope="session")
def emptied(empty_databases: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Emptied:
    """The same deployment with the same backups on a new machine: an empty database of another cluster, no files."""

    def make(first: Scene) -> Scene:
        url = empty_databases()
        files = tmp_path_factory.mktemp("restored") / "files"
        return first.with_(DATABASE__URL=url, BACKUP__DATABASE_URL=superuser(url), FILES__URL=files.as_uri())

    return make
