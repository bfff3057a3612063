"""Connections of an operator's work: without the house's time-outs, and addresses that show no password."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import asyncpg

from esteio.db.failures import FAILURES, unavailable

PLAIN = {
    "application_name": "esteio-backup",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "60s",
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
"""So that a row has one text wherever it is read."""

_KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR")


@asynccontextmanager
async def connected(url: str, within: float) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the URL's own role. Raises `Unavailable`."""
    try:
        connection = await asyncpg.connect(url, timeout=within, server_settings=PLAIN)
    except FAILURES as error:
        raise unavailable(error) from error
    except asyncpg.PostgresError as error:
        raise unavailable(error) from error
    try:
        yield connection
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise unavailable(error) from error
    finally:
        connection.terminate()


def libpq(url: str) -> tuple[str, Mapping[str, str]]:
    """The address without its password, fit for a list of processes, and the environment that has it."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    password = asked.pop("password", None) or (unquote(parts.password) if parts.password else None)
    place = parts.netloc.rpartition("@")[2]
    named = f"{quote(unquote(parts.username), safe='')}@{place}" if parts.username else place
    address = urlunsplit((parts.scheme, named, parts.path, urlencode(asked), ""))
    given = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("PG")}
    own = {"PGAPPNAME": "esteio-backup", "PGCONNECT_TIMEOUT": "20", "LC_ALL": "C"}
    return address, {**given, **own, **({"PGPASSWORD": password} if password else {})}
