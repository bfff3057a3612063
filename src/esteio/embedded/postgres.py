"""PostgreSQL on a Unix socket of its own, settings chosen so that an acknowledged write is on disk."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from esteio.embedded.account import Account
from esteio.embedded.binaries import PostgresBinaries
from esteio.embedded.child import Child, Program
from esteio.embedded.sockets import PORT

ROLE = DATABASE = "esteio"
SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "synchronous_commit": "on",
    "fsync": "on",
    "jit": "off",  # its start-up costs more than it saves on short queries
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "logging_collector": "off",
    "cluster_name": "esteio",
}
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}
"""For tests: survives a crash of any process, not of the machine."""
STATUS_LINE = 7  # of postmaster.pid: "starting", "ready", "stopping"
SHARED_MEMORY_HELD = "pre-existing shared memory block"
"""PostgreSQL's words while processes of a killed server are still about to notice its end."""
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Postgres:
    """One cluster. Its program runs in the foreground as a direct child; `data` holds a cluster already."""

    binaries: PostgresBinaries
    data: Path
    sockets: Path
    log: Path
    account: Account | None
    environment: Mapping[str, str]
    durable: bool = True

    @property
    def url(self) -> str:
        """Names the socket's directory and the role that owns the database; there is no password to know."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def program(self) -> Program:
        return Program(
            name="PostgreSQL",
            command=(self.binaries.program("postgres"), "-D", str(self.data), *self._settings()),
            environment=self.environment,
            account=self.account,
            log=self.log,
            directory="/",
            stop_signal=signal.SIGINT,  # fast shutdown: sessions are ended, everything is written
            hasty_signal=signal.SIGQUIT,  # immediate: the next start recovers from the log
            grace=STOP_SECONDS,
        )

    def _settings(self) -> list[str]:
        quoted = str(self.sockets).replace('"', '""')
        settings = SETTINGS | {"unix_socket_directories": f'"{quoted}"'} | ({} if self.durable else FORGETFUL)
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def ready(self, child: Child) -> bool:
        """Whether this very child accepts connections, by its own word in `postmaster.pid`."""
        lines = self._pid_file()
        return len(lines) > STATUS_LINE and lines[0] == str(child.pid) and lines[STATUS_LINE].strip() == "ready"

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []
