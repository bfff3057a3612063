"""`esteio serve` as operators run it: a process of its own, with what it writes kept in files."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.house import AMPLE, NO_TLS, eventually
from tests.logs.kept import keep_file

ENDS_WITHIN = 15.0


@dataclass(frozen=True)
class Running:
    """A process that answers, and the file that holds everything it wrote."""

    url: str
    output: Path
    process: subprocess.Popen[bytes]

    def written(self) -> str:
        return self.output.read_text("utf-8")


def start(given: dict[str, str], output: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the command with no settings but those that are given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ESTEIO_", "PROMETHEUS_"))}
    with output.open("wb") as file:
        command = [sys.executable, "-m", "esteio", *arguments]
        return subprocess.Popen(command, env=inherited | given, stdout=file, stderr=file)


@contextmanager
def served_process(given: dict[str, str], output: Path, port: int) -> Iterator[Running]:
    """The API in a process, ended by SIGTERM at the end of the block; everything it wrote is in the file then."""
    process = start(given, output, "serve", "--port", str(port))
    running = Running(f"http://127.0.0.1:{port}", output, process)
    try:
        eventually(lambda: _is_ready(running), within=60)
        yield running
    finally:
        process.terminate()
        process.wait(ENDS_WITHIN)
        keep_file(output)


def _is_ready(running: Running) -> bool:
    assert running.process.poll() is None, running.written()
    try:
        return httpx.get(f"{running.url}/readyz", timeout=AMPLE, verify=NO_TLS).status_code == 200
    except httpx.TransportError:
        return False
