"""Running `esteio`: to its end, or as a server for the time of a block."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from tests.house import ADMIN_KEY, AMPLE, NO_TLS, eventually
from tests.logs.kept import keep_file, keep_said

COMMAND = (sys.executable, "-m", "esteio")
SECONDS = 60.0
SOON = 5.0
"""Seconds in which processes that have ended are gone from the machine's list too."""

NOWHERE = tempfile.mkdtemp(prefix="esteio-test-cwd-")
"""A working directory without `.env`."""


@dataclass(frozen=True)
class Run:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


def surroundings(changes: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ESTEIO_", "PROMETHEUS_"))}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **changes}


def run(*arguments: str, environment: Mapping[str, str], said: str = "") -> Run:
    """Run a command to its end."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=surroundings(environment),
        input=said,
        cwd=NOWHERE,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    keep_said(done.stderr)
    return Run(done.returncode, done.stdout, done.stderr)


@dataclass
class Server:
    """A running `esteio serve`. Its standard error goes to `log`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, headers={"X-API-Key": ADMIN_KEY}, timeout=AMPLE, verify=NO_TLS)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def text(self) -> str:
        return self.log.read_text()

    def status(self, path: str = "/readyz") -> int:
        """The status of an answer on a new connection; 0 when there is none."""
        try:
            return httpx.get(self.url + path, timeout=AMPLE, verify=False).status_code
        except httpx.HTTPError:
            return 0

    def workers(self) -> list[psutil.Process]:
        return [one for one in psutil.Process(self.process.pid).children() if lives(one)]

    def ready(self) -> bool:
        assert self.process.poll() is None, self.text
        return self.status() == 200

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, within: float = SECONDS) -> int:
        return self.process.wait(within)


@contextmanager
def started(port: int, *arguments: str, environment: Mapping[str, str]) -> Iterator[Server]:
    """`esteio serve` on the port, perhaps not ready yet; whatever is left of it ends with the block."""
    with tempfile.NamedTemporaryFile(prefix="esteio-test-log-") as log:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(port), *arguments],
            env=surroundings(environment),
            cwd=NOWHERE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        family = [psutil.Process(process.pid)]
        server = Server(process, port, Path(log.name))
        try:
            yield server
        finally:
            server.client.close()
            if process.poll() is None:
                family += family[0].children(recursive=True)
                for one in reversed(family):
                    with suppress(psutil.NoSuchProcess):
                        one.kill()
            process.wait()
            keep_file(server.log, objects=environment.get("ESTEIO_TELEMETRY__LOG_FORMAT") != "console")


@contextmanager
def serving(port: int, *arguments: str, environment: Mapping[str, str]) -> Iterator[Server]:
    """The same, ready."""
    with started(port, *arguments, environment=environment) as server:
        eventually(server.ready, SECONDS)
        yield server


def lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def all_gone(processes: list[psutil.Process], within: float = SECONDS) -> bool:
    return psutil.wait_procs(processes, timeout=within)[1] == []


def half_sent(server: Server, body: bytes) -> socket.socket:
    """A connection on which a request was begun and ten bytes of its body were sent."""
    line = socket.create_connection(("127.0.0.1", server.port), timeout=AMPLE)
    head = (
        f"POST /api/v2/pets HTTP/1.1\r\nHost: x\r\nX-API-Key: {ADMIN_KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    line.sendall(head.encode() + body[:10])
    # An answer on another connection shows that the server has read what came before.
    for _ in range(3):
        assert server.status("/livez") == 200
    return line


def all_of(line: socket.socket) -> bytes:
    """What comes until the other side closes."""
    return b"".join(iter(lambda: line.recv(65536), b""))
