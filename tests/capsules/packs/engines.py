"""PostgreSQL and Valkey for the tests that capsules bring, by the addresses that they understand."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import unquote, urlsplit

from esteio.embedded.engines import Engines
from tests.faults.proxy import Proxy
from tests.house import on_database, sql

_numbers = count(1)
VARIABLES = {"postgresql": "DATABASE_URL", "redis": "REDIS_URL"}


@contextmanager
def engines_for(addons: frozenset[str], engines: Engines) -> Iterator[dict[str, str]]:
    """The variables of a capsule with these add-ons: an empty database, Valkey on a port of the loopback address."""
    found = {}
    valkey = Proxy(Path(unquote(urlsplit(engines.redis_url).path)))
    valkey.open()
    try:
        if "postgresql" in addons:
            name = f"capsule_{next(_numbers)}"
            sql(engines.database_url, f"CREATE DATABASE {name} OWNER esteio")
            found["DATABASE_URL"] = on_database(engines.database_url, name)
        if "redis" in addons:
            found["REDIS_URL"] = f"redis://127.0.0.1:{valkey.port}/15"
        yield found
    finally:
        valkey.close()
