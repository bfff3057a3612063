"""A real PgBouncer in transaction mode, with a pool that is far too small for the house."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import pytest

from esteio.embedded.account import engine_account, give, open_way
from tests.house import eventually, on_database, sql

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
ROLE = "esteio_runtime"
PORT = 6432
POOL = 3
TIMES = {"statement_timeout": "20s", "lock_timeout": "20s", "idle_in_transaction_session_timeout": "15s"}

needed = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed")

SHIPPED = Path(__file__).parents[2] / "deploy" / "pgbouncer" / "pgbouncer.ini"

_HERE = {
    "listen_addr": "",
    "auth_type": "trust",
    "admin_users": "esteio",
    "min_pool_size": "0",
    "default_pool_size": str(POOL),
    "reserve_pool_size": "0",
    "max_db_connections": "0",
    "query_wait_timeout": "20",
}


@dataclass(frozen=True)
class Pooler:
    """`place` holds its socket."""

    place: Path

    def url(self, direct: str, *, role: str = ROLE) -> str:
        """The address of the same database through the pooler."""
        name = urlsplit(direct).path.strip("/")
        return f"postgresql://{role}@/{name}?host={quote(str(self.place), safe='')}&port={PORT}"

    def settings(self, direct: str, *, role: str = ROLE) -> dict[str, str]:
        """What an operator sets for a house behind it."""
        return {
            "DATABASE__URL": self.url(direct, role=role),
            "DATABASE__DIRECT_URL": direct,
            "DATABASE__POOLER": "transaction",
        }


@contextmanager
def pooler(direct: str, **changes: str) -> Iterator[Pooler]:
    """PgBouncer before the engine at the address, as operators run it but for what is named here and in `changes`."""
    assert PROGRAM is not None
    place = Path(tempfile.mkdtemp(prefix="esteio-pgbouncer-"))
    account = engine_account(place)
    engine = parse_qs(urlsplit(direct).query)["host"][0]
    (place / "users").write_text(f'"{ROLE}" ""\n"esteio" ""\n"esteio_app" ""\n"postgres" ""\n')
    shipped = ConfigParser(interpolation=None, comment_prefixes=(";",))
    shipped.read(SHIPPED)
    shipped["databases"] = {"*": f"host={engine} port=5432"}
    shipped["pgbouncer"].update(_HERE | {"unix_socket_dir": str(place), "auth_file": str(place / "users")} | changes)
    with (place / "pgbouncer.ini").open("w") as configuration:
        shipped.write(configuration)
    give(place, account)
    open_way(place, account, lambda _: None)
    who = {} if account is None else {"user": account.uid, "group": account.gid}
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, str(place / "pgbouncer.ini")], env={"PATH": os.defpath}, stdout=log, stderr=log, **who
        )
    made = Pooler(place)
    try:
        eventually(lambda: _answers(made, direct), 30)
        yield made
    finally:
        process.kill()
        process.wait(10)
        shutil.rmtree(place, ignore_errors=True)


def _answers(made: Pooler, direct: str) -> bool:
    with suppress(OSError, asyncpg.PostgresError):
        return bool(sql(made.url(on_database(direct, "postgres"), role="esteio"), "SELECT 1"))
    return False


@contextmanager
def logging_in(direct: str) -> Iterator[None]:
    """The runtime role as an operator with a pooler has it: it may log in, and has the house's time-outs."""
    name = urlsplit(direct).path.strip("/")
    sql(direct, f"ALTER ROLE {ROLE} LOGIN")
    for setting, value in TIMES.items():
        sql(direct, f"ALTER ROLE {ROLE} IN DATABASE {name} SET {setting} = '{value}'")
    try:
        yield
    finally:
        sql(direct, f"ALTER ROLE {ROLE} NOLOGIN")
        sql(direct, f"ALTER ROLE {ROLE} IN DATABASE {name} RESET ALL")
