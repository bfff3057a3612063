"""An app in a process of its own on an ephemeral loopback port."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import cpu, load

START_SECONDS = 30
STOP_SECONDS = 20
ROOT = Path(__file__).parent.parent

UVICORN = ("uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error")
# Gunicorn's own default worker, and the cheapest of its workers for this app; it closes each connection.
GUNICORN = ("gunicorn", "--workers", "1", "--worker-class", "sync", "--log-level", "error")


@dataclass(frozen=True)
class App:
    """What to start, and the keys of its callers.

    `{port}` in the arguments becomes the port; the environment is added to the harness's own.
    """

    name: str
    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()


def uvicorn(target: str, processes: int = 1) -> tuple[str, ...]:
    workers = ("--workers", str(processes)) if processes > 1 else ()
    return ("-m", *UVICORN, *workers, "--port", "{port}", target)


def gunicorn(target: str) -> tuple[str, ...]:
    return ("-m", *GUNICORN, "--bind", f"{load.HOST}:{{port}}", target)


@dataclass(frozen=True)
class Server:
    app: App
    port: int
    process: "subprocess.Popen[bytes]"

    def cpu_spent(self) -> float:
        return cpu.spent(self.process.pid)


@contextmanager
def serving(app: App, directory: Path, environment: dict[str, str], port: int | None = None) -> Iterator[Server]:
    """The app, accepting connections on the port or on any; ended with its children when left.

    Its standard output, where access logs go, is written and thrown away; its standard error is kept for the reader.
    """
    port = port or free_port()
    arguments = [argument.replace("{port}", str(port)) for argument in app.arguments]
    with (directory / f"{app.name}.err").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment | app.environment,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        try:
            _wait_until_accepting(app, port, process, directory)
            yield Server(app, port, process)
        finally:
            stop(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((load.HOST, 0))
        return int(probe.getsockname()[1])


def _wait_until_accepting(app: App, port: int, process: "subprocess.Popen[bytes]", directory: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((load.HOST, port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                told = (directory / f"{app.name}.err").read_text(errors="replace")[-2000:]
                raise SystemExit(f"{app.name} did not start:\n{told}") from None
            time.sleep(0.05)


def stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
