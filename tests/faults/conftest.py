"""A house whose PostgreSQL and Valkey are behind networks that a test can harm."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from esteio.catalog import SHIPPED
from esteio.embedded.engines import Engines
from tests.conftest import House
from tests.faults.calls import EMAIL, PASSWORD
from tests.faults.proxy import Proxy, proxied
from tests.faults.trial import TRIAL
from tests.house import Served

Networks = Callable[..., AbstractContextManager["Networked"]]


DEADLINE = "0.25"
IMPATIENT = {
    "REDIS__DEADLINE": DEADLINE,
    "DATABASE__CONNECT_TIMEOUT": "2",
    "DATABASE__ACQUIRE_TIMEOUT": "2",
    "DATABASE__LOCK_TIMEOUT": "2",
    "DATABASE__STATEMENT_TIMEOUT": "3",
    "DATABASE__REQUEST_TIMEOUT": "3.5",
}
"""Seconds that the engines are given by default: here they do fail, and how soon that is known matters."""


@dataclass
class Networked:
    """A house, and its ways to the two engines."""

    served: Served
    database: Proxy
    redis: Proxy


def postgres_socket(engines: Engines) -> Path:
    folder = urlsplit(engines.database_url).query.partition("host=")[2]
    return Path(unquote(folder)) / ".s.PGSQL.5432"


def valkey_socket(engines: Engines) -> Path:
    return Path(unquote(urlsplit(engines.redis_url).path))


def through(proxy: Proxy, database_url: str) -> str:
    """The address of the same database behind a proxy."""
    name = urlsplit(database_url).path.strip("/")
    return f"postgresql://esteio@127.0.0.1:{proxy.port}/{name}?sslmode=disable"


@pytest.fixture(scope="session")
def networks(engines: Engines, house: House) -> Networks:
    """Serves houses behind proxies: `with networks(database_url) as networked:`."""

    @contextmanager
    def open_networked(database_url: str, **changes: str) -> Iterator[Networked]:
        with proxied(postgres_socket(engines)) as database, proxied(valkey_socket(engines)) as redis:
            given = {
                "database_url": through(database, database_url),
                "redis_url": f"redis://127.0.0.1:{redis.port}/0",
                "HTTP__TRUSTED_PROXIES": "127.0.0.1",
                **IMPATIENT,
                **changes,
            }
            with house(services=(*SHIPPED, TRIAL), **given) as served:
                served.database_url = database_url  # what a test asks the database itself takes no harm
                try:
                    yield Networked(served, database, redis)
                finally:
                    database.set("pass")
                    redis.set("pass")

    return open_networked


@pytest.fixture(scope="module")
def networked(networks: Networks, new_database: Callable[[], str]) -> Iterator[Networked]:
    """One such house for the tests of a module; each leaves its networks as it found them."""
    with networks(new_database()) as opened:
        account = {"email": EMAIL, "name": "Trial", "password": PASSWORD}
        assert opened.served.anonymous.post("/api/v2/auth/register", json=account).status_code == 201
        yield opened
