"""P14: a capsule of 100 MB exported, against `tar -czf` of the same files. C1: capsules made in a second."""

import hashlib
import math
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench import load, memory, stored_capsules
from bench.engines import Engines
from bench.house import House
from bench.points import Point, Target
from bench.report import Line, at_least, verdict
from bench.stored_capsules import LARGE, SMALL, Stored

APP = "esteio-capsules"
BAR, MEMORY_BAR = 0.8, 100
CALLERS = 4
WISH = {
    "project_name": "Orders API",
    "description": "Takes the orders of a bakery and tells its customers.",
    "tech_stack": ["Python", "FastAPI", "PostgreSQL", "Redis", "Docker", "GitHub Actions"],
}


@dataclass
class Taken:
    """A value per round; CPU in seconds, of the API process, of the engines, and of tar."""

    server: list[float] = field(default_factory=list)
    engines: list[float] = field(default_factory=list)
    tar: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    packed: list[float] = field(default_factory=list)


def exports(house: House, known: dict[str, Point], times: int, seconds: float) -> list[Line]:
    """CPU and memory of exports at two sizes."""
    target, engines = house.targets[APP], house.engines
    large, small = (stored_capsules.fill(engines, size) for size in (LARGE, SMALL))
    _exported(target, small)
    pid = target.server.process.pid
    idle = memory.resident(pid)
    memory.forget_peaks(pid)
    taken, less = _rounds(engines, target, large, times), _rounds(engines, target, small, times)
    over = (memory.peak(pid) - idle) / memory.MIB
    return _export_lines(taken, less, over)


def making(house: House, known: dict[str, Point], times: int, seconds: float) -> list[Line]:
    """How many capsules one process makes, and what one costs."""
    target, engines = house.targets[APP], house.engines
    rates, server, database = [], [], []
    for _ in range(times):
        before = target.server.cpu_spent(), engines.cpu_spent()
        made, took = _made(target, max(seconds, 5.0))
        rates.append(made / took)
        server.append((target.server.cpu_spent() - before[0]) / made)
        database.append((engines.cpu_spent() - before[1]) / made)
    rate, ours, theirs = (statistics.median(each) for each in (rates, server, database))
    return [
        Line(
            "C1",
            f"capsules made by one process for {CALLERS} callers",
            f"{rate:.0f} a second, {ours * 1000:.1f} ms of CPU each",
            engines=f"{theirs * 1000:.1f} ms each",
        )
    ]


def _rounds(engines: Engines, target: Target, stored: Stored, times: int) -> Taken:
    taken = Taken()
    with _unpacked(engines, target, stored) as folder:
        for _ in range(times):
            taken.tar.append(_tarred(folder))
            before, began = (target.server.cpu_spent(), engines.cpu_spent()), time.monotonic()
            taken.packed.append(_exported(target, stored))
            taken.seconds.append(time.monotonic() - began)
            taken.server.append(target.server.cpu_spent() - before[0])
            taken.engines.append(engines.cpu_spent() - before[1])
    return taken


def _exported(target: Target, stored: Stored) -> float:
    """MiB of the archive, read as it comes."""
    size, digest = 0, hashlib.sha256()
    for piece in _stream(target, stored):
        size += len(piece)
        digest.update(piece)
    return size / memory.MIB


def _stream(target: Target, stored: Stored) -> Iterator[bytes]:
    path, headers = f"/api/v2/capsules/{stored.capsule}/export", {"X-API-Key": target.keys[0]}
    with (
        httpx.Client(base_url=f"http://{load.HOST}:{target.server.port}", timeout=120, trust_env=False) as client,
        client.stream("POST", path, json={"format": "tar.gz"}, headers=headers) as answer,
    ):
        if answer.status_code != 200:
            raise SystemExit(f"an export was answered {answer.status_code}: {answer.read()[:300]!r}")
        yield from answer.iter_raw()


@contextmanager
def _unpacked(engines: Engines, target: Target, stored: Stored) -> Iterator[Path]:
    """The files of a capsule in a folder, as tar takes them."""
    folder = engines.directory / f"unpacked-{stored.capsule}"
    folder.mkdir()
    archive = folder.with_suffix(".tar.gz")
    with archive.open("wb") as file:
        for piece in _stream(target, stored):
            file.write(piece)
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(folder)], check=True)
    archive.unlink()
    yield folder
    shutil.rmtree(folder)


def _tarred(folder: Path) -> float:
    """CPU seconds of `tar -czf`, its gzip included."""
    archive = folder.with_suffix(".bench.tar.gz")
    before = os.times()
    subprocess.run(["tar", "-czf", str(archive), "-C", str(folder), "."], check=True)
    after = os.times()
    archive.unlink()
    return after.children_user - before.children_user + after.children_system - before.children_system


def _made(target: Target, seconds: float) -> tuple[int, float]:
    """How many were made, in how many seconds; every caller has a key and a connection of its own."""
    began = time.monotonic()
    until = began + seconds

    def work(number: int) -> int:
        url = f"http://{load.HOST}:{target.server.port}"
        with httpx.Client(base_url=url, headers={"X-API-Key": target.keys[number]}, trust_env=False) as client:
            return sum(_make(client) for _ in _until(until))

    with ThreadPoolExecutor(CALLERS) as pool:
        made = sum(pool.map(work, range(CALLERS)))
    return made, time.monotonic() - began


def _make(client: httpx.Client) -> int:
    answer = client.post("/api/v2/capsules", json=WISH, timeout=30)
    if answer.status_code != 201:
        raise SystemExit(f"a capsule was answered {answer.status_code}: {answer.text[:300]}")
    return 1


def _until(moment: float, now: Callable[[], float] = time.monotonic) -> Iterator[None]:
    while now() < moment:
        yield


def _export_lines(taken: Taken, less: Taken, over: float) -> list[Line]:
    ours, engines, tar, seconds, packed = (
        statistics.median(each) for each in (taken.server, taken.engines, taken.tar, taken.seconds, taken.packed)
    )
    small = statistics.median(less.server)
    exponent = math.log(ours / small) / math.log(LARGE / SMALL)
    return [
        Line(
            "P14",
            f"a capsule of {LARGE} MB exported as tar.gz of {packed:.0f} MiB",
            f"{ours:.2f} s of CPU, {seconds:.2f} s",
            engines=f"{engines:.2f} s",
            against=f"tar -czf {tar:.2f} s of CPU",
            ratio=f"{tar / ours:.2f}",
            bar=f"≥ {BAR}",
            met=at_least(tar / ours, BAR),
        ),
        Line("P14", f"MB {SMALL} → {LARGE}", f"{small:.2f} → {ours:.2f} s", ratio=f"exponent {exponent:.2f}"),
        Line(
            "P14",
            "peak memory of the API process over idle",
            f"{over:.0f} MiB",
            bar=f"< {MEMORY_BAR} MiB",
            met=verdict(over, MEMORY_BAR),
        ),
    ]
