"""A service manager as systemd is one to a service: it hears notices and hands sockets over."""

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import psutil

from tests.cli.command import NOWHERE, surroundings
from tests.house import eventually
from tests.logs.kept import keep_file

_BECOMES = """
import fcntl, os, sys
copies = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 100) for one in sys.argv[1].split(",") if one]
for place, copy in enumerate(copies):
    os.dup2(copy, 3 + place)
    os.close(copy)
if copies:
    os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(copies))}
os.execv(sys.argv[2], sys.argv[2:])
"""
"""The sockets lie at 3, 4, …, and the process's number is told, before the process becomes the service."""


class Manager:
    """`heard` are the notices in order, each with who sent it."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(self.address)
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.heard: list[tuple[int, dict[str, str]]] = []
        self._thread = Thread(target=self._hear, daemon=True)
        self._thread.start()

    def _hear(self) -> None:
        while True:
            try:
                words, ancillary, _, _ = self._line.recvmsg(4096, 1024)
            except OSError:
                return
            if not words:
                return
            pid = int.from_bytes(ancillary[0][2][:4], sys.byteorder)
            self.heard.append((pid, dict(line.split("=", 1) for line in words.decode().split("\n"))))

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as farewell:
            farewell.sendto(b"", self.address)
        self._thread.join(10)
        self._line.close()

    def times(self, word: str) -> int:
        """How often a notice with this word, such as `READY`, was heard."""
        return sum(word in said for _, said in list(self.heard))

    def last(self, word: str) -> str:
        return next((said[word] for _, said in reversed(list(self.heard)) if word in said), "")

    def senders(self) -> set[int]:
        return {pid for pid, _ in list(self.heard)}


@contextmanager
def managing() -> Iterator[Manager]:
    with tempfile.TemporaryDirectory(prefix="esteio-test-manager-") as folder:
        manager = Manager(Path(folder))
        try:
            yield manager
        finally:
            manager.close()


class Service:
    """A process that the manager has started, with what it wrote to standard error."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def text(self) -> str:
        return self._log.read_text()

    def children(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children()
        return []

    def pids(self) -> set[int]:
        return {one.pid for one in self.children()}


@contextmanager
def service(
    *words: str,
    environment: Mapping[str, str],
    manager: Manager | None = None,
    watchdog: float = 0.0,
    sockets: Sequence[socket.socket] = (),
) -> Iterator[Service]:
    """`esteio …` as systemd starts it; with a manager, once that has heard that it is ready."""
    given = dict(environment)
    if manager is not None:
        given["NOTIFY_SOCKET"] = manager.address
        if watchdog:
            given["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
    ready = manager.times("READY") if manager is not None else 0
    with tempfile.NamedTemporaryFile(prefix="esteio-test-log-") as log:
        descriptors = [one.fileno() for one in sockets]
        process = subprocess.Popen(
            [sys.executable, "-c", _BECOMES, ",".join(map(str, descriptors)), sys.executable, "-m", "esteio", *words],
            env=surroundings(given),
            cwd=NOWHERE,
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        running = Service(process, Path(log.name))
        try:
            if manager is not None:
                eventually(lambda: manager.times("READY") > ready or process.poll() is not None, 90)
                assert process.poll() is None, running.text
            yield running
        finally:
            left = [*running.children(), psutil.Process(process.pid)] if process.poll() is None else []
            for one in left:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            process.wait()
            keep_file(Path(log.name), objects=False)
