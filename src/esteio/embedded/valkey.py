"""Valkey on a Unix socket of its own.

It keeps nothing on disk: PostgreSQL is the truth, and whatever Valkey held may be lost. Memory is bounded without
eviction: a limit's counter that was evicted would let more through than the limit allows, whereas a refused write
takes the path every caller has for an outage.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from esteio.embedded.account import Account
from esteio.embedded.child import Child, Program
from esteio.embedded.sockets import VALKEY_SOCKET

SETTINGS = """
port 0
unixsocketperm 700
protected-mode yes
daemonize no
save ""
appendonly no
databases 16
maxmemory 256mb
maxmemory-policy noeviction
loglevel notice
logfile ""
"""
ANSWER_SECONDS = 1.0


@dataclass(frozen=True)
class Valkey:
    server: Path
    sockets: Path
    log: Path
    account: Account | None
    environment: Mapping[str, str]

    @property
    def socket(self) -> Path:
        return self.sockets / VALKEY_SOCKET

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}?db=0"

    def program(self) -> Program:
        return Program(
            name="Valkey",
            command=(str(self.server), "-"),  # settings from standard input: a path in them may hold spaces
            said=os.fsencode(f"{SETTINGS}dir {_quoted(self.sockets)}\nunixsocket {_quoted(self.socket)}\n"),
            environment=self.environment,
            account=self.account,
            log=self.log,
            directory="/",
            grace=2.0,  # nothing to write: what does not end at once is stuck
        )

    def ready(self, _: Child) -> bool:
        """Whether it answers a PING."""
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(ANSWER_SECONDS)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
