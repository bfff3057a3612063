"""A real streaming replica of the tests' cluster, which can be held up, killed, frozen and promoted."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import psutil

from esteio.embedded.account import Account, engine_account, give, open_way
from esteio.embedded.binaries import PostgresBinaries, find_postgres
from tests.house import eventually, sql

ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
AS_THE_PRIMARY = ("max_connections=100", "fsync=off", "listen_addresses=", "jit=off", "timezone=UTC")


class Standby:
    """`url` is of the same form as the primary's, of the database `esteio`."""

    def __init__(self, place: Path, binaries: PostgresBinaries, account: Account | None) -> None:
        self.url = f"postgresql://esteio@/esteio?host={quote(str(place), safe='')}"
        self._place = place
        self._binaries = binaries
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None

    def copy(self, primary: str) -> None:
        host = parse_qs(urlsplit(primary).query)["host"][0]
        words = ("-D", str(self._place / "data"), "-h", host, "-p", "5432", "-U", "postgres", "-R", "-X", "stream")
        program = self._binaries.program("pg_basebackup")
        done = subprocess.run(
            [program, *words, "-c", "fast", "--no-sync"],
            env=ENVIRONMENT,
            capture_output=True,
            **self._as(),
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> None:
        settings = (*AS_THE_PRIMARY, f"unix_socket_directories={self._place}", "unix_socket_permissions=0777")
        words = [word for setting in settings for word in ("-c", setting)]
        with (self._place / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries.program("postgres"), "-D", str(self._place / "data"), *words],
                env=ENVIRONMENT,
                stdout=log,
                stderr=log,
                **self._as(),
            )
        eventually(self._answers, 60)

    def _answers(self) -> bool:
        with suppress(OSError, asyncpg.PostgresError):
            return bool(sql(self.url, "SELECT 1"))
        return False

    def _as(self) -> dict[str, int]:
        return {} if self._account is None else {"user": self._account.uid, "group": self._account.gid}

    def hold(self) -> None:
        """Stop replaying: from now on it shows an ever older state."""
        sql(self.url, "SELECT pg_wal_replay_pause()")
        state = "SELECT pg_get_wal_replay_pause_state() AS state"
        eventually(lambda: sql(self.url, state)[0]["state"] == "paused")

    def go_on(self) -> None:
        if sql(self.url, "SELECT pg_is_in_recovery() AS follows")[0]["follows"]:
            sql(self.url, "SELECT pg_wal_replay_resume()")

    def caught_up(self, primary: str) -> None:
        """Wait until it has replayed all that the primary has written by now."""
        end = sql(primary, "SELECT pg_current_wal_flush_lsn()::text AS at")[0]["at"]
        far = "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn AS far"
        eventually(lambda: sql(self.url, far, end)[0]["far"])

    def promote(self) -> None:
        assert sql(self.url, "SELECT pg_promote(true, 60) AS done")[0]["done"]

    def freeze(self) -> None:
        """Connections stay, nothing is answered."""
        for one in self._family():
            one.suspend()

    def thaw(self) -> None:
        for one in self._family():
            one.resume()

    def kill(self) -> None:
        """End it as a crash would; what it had replayed but not written down it replays again."""
        assert self._process is not None
        family = self._family()
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        self._process.wait(30)
        psutil.wait_procs(family, 30)

    def stop(self) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self.thaw()
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(60)

    def _family(self) -> list[psutil.Process]:
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]


@contextmanager
def standby(primary: str) -> Iterator[Standby]:
    """A replica that follows the primary at the address until the block ends."""
    place = Path(tempfile.mkdtemp(prefix="esteio-standby-"))
    account = engine_account(place)
    give(place, account)
    open_way(place, account, lambda _: None)
    made = Standby(place, find_postgres(None), account)
    try:
        made.copy(primary)
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(place, ignore_errors=True)
