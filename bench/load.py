"""Closed-loop load: wrk where it is installed, a small generator of our own where it is not. Loopback only.

Both are bounded in time and connections, rotate over the given requests, and count the status of every answer.
"""

import asyncio
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httptools

HOST = "127.0.0.1"
SCRIPT = Path(__file__).with_name("wrk.lua")
LIMIT_SECONDS = 60
GRACE_SECONDS = 10
LIMIT_REQUESTS = 5_000_000


@dataclass(frozen=True)
class Load:
    """What one load did. `broken` counts connections that failed and answers that never came."""

    statuses: dict[int, int]
    seconds: float
    p50: float
    p99: float
    broken: int = 0
    received: int = 0

    @property
    def answered(self) -> int:
        return sum(self.statuses.values())


def head(path: str, headers: dict[str, str], method: str = "GET") -> bytes:
    """The bytes of one request up to its body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def closed(port: int, requests: list[bytes], seconds: float, connections: int = 16) -> Load:
    """Every connection sends its next request as soon as the answer to the last one is complete."""
    seconds = min(seconds, LIMIT_SECONDS)
    if shutil.which("wrk"):
        return _wrk(port, requests, seconds, connections)
    return asyncio.run(generate(port, requests, seconds, connections))


def paced(port: int, requests: list[bytes], seconds: float, connections: int, rate: float) -> Load:
    """Requests due at a steady rate; the delay counts from when each was due, so that a stall is not hidden."""
    return asyncio.run(generate(port, requests, min(seconds, LIMIT_SECONDS), connections, connections / rate))


def _wrk(port: int, requests: list[bytes], seconds: float, connections: int) -> Load:
    with tempfile.NamedTemporaryFile() as heads:
        heads.write(b"".join(request + b"\0" for request in requests))
        heads.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(SCRIPT)]
        command += [f"http://{HOST}:{port}/", "--", heads.name]
        ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30)
    return _read(ended.stdout)


def _read(report: str) -> Load:
    line = next(line for line in report.splitlines() if line.startswith("RESULT "))
    told = json.loads(line.removeprefix("RESULT "))
    statuses = {int(status): times for status, times in told["statuses"].items()}
    return Load(statuses, told["seconds"], told["p50"], told["p99"], told["broken"], told["bytes"])


@dataclass
class _Run:
    """One load in progress: what all its connections share."""

    requests: list[bytes]
    deadline: float
    interval: float
    statuses: Counter[int] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    broken: int = 0
    received: int = 0

    def over(self) -> bool:
        return time.perf_counter() >= self.deadline or len(self.delays) >= LIMIT_REQUESTS


class _Client(asyncio.Protocol):
    """One place at the counter: sends, waits for the whole answer, sends again; a new connection after a close."""

    def __init__(self, run: _Run, turn: int) -> None:
        self.run, self.turn = run, turn
        self.loop = asyncio.get_running_loop()
        self.due = time.perf_counter()
        self.waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.lost: asyncio.Future[None] = self.loop.create_future()
        self.loop.call_later(max(0.0, self.due - time.perf_counter()), self.send)

    def send(self) -> None:
        if self.run.over():
            self.transport.close()
        elif not self.transport.is_closing():
            self.parser = httptools.HttpResponseParser(self)
            self.waiting = True
            self.transport.write(self.run.requests[self.turn % len(self.run.requests)])
            self.turn += 1

    def data_received(self, data: bytes) -> None:
        self.run.received += len(data)
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self.waiting = False
        self.run.statuses[self.parser.get_status_code()] += 1
        self.run.delays.append(now - self.due)
        self.due = self.due + self.run.interval if self.run.interval else now
        if self.parser.should_keep_alive():
            self.loop.call_later(max(0.0, self.due - now), self.send)
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.run.broken += self.waiting
        self.waiting = False
        self.lost.set_result(None)

    async def work(self, port: int) -> None:
        while not self.run.over():
            await self.loop.create_connection(lambda: self, HOST, port)
            await self.lost


async def generate(port: int, requests: list[bytes], seconds: float, connections: int, interval: float = 0.0) -> Load:
    """Our own generator; `interval` is the seconds between two due times of one connection, 0 for a closed loop."""
    begun = time.perf_counter()
    run = _Run(requests, begun + seconds, interval)
    workers = []
    for number in range(connections):
        workers.append(asyncio.create_task(_Client(run, number).work(port)))
        await asyncio.sleep(interval / connections)
    _, late = await asyncio.wait(workers, timeout=seconds + GRACE_SECONDS)
    for worker in late:
        worker.cancel()
    taken = time.perf_counter() - begun
    centiles = statistics.quantiles(run.delays, n=100) if len(run.delays) > 1 else [0.0] * 99
    return Load(dict(run.statuses), taken, centiles[49], centiles[98], run.broken + len(late), run.received)
