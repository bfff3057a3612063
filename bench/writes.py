"""W1: what a write costs, and what telling its fact costs afterwards. Without bars: figures for planning."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from bench import cpu, load, subject
from bench.engines import Engines
from bench.house import House
from bench.points import Point, Target
from bench.report import Line
from bench.servers import ROOT, stop

APP = "esteio-rows"
CONNECTIONS = 16
PET = json.dumps({"name": "Rex", "species": "dog", "breed": "Beagle", "weight_kg": 12.5}).encode()
WAITING = "SELECT count(*) FROM outbox_queue"
PATIENCE = 120.0


def lines(house: House, known: dict[str, Point], times: int, seconds: float) -> list[Line]:
    """CPU of the API process and of PostgreSQL for a pet that is registered; then of who tells the facts."""
    target, engines = house.targets[APP], house.engines
    server, database, rates = [], [], []
    for _ in range(times):
        before = target.server.cpu_spent(), engines.cpu_spent()
        told = load.closed(target.server.port, _requests(target), seconds, CONNECTIONS)
        if set(told.statuses) != {201} or told.broken:
            raise SystemExit(f"writes were answered {told.statuses}, broken {told.broken}")
        server.append((target.server.cpu_spent() - before[0]) / told.answered * 1e6)
        database.append((engines.cpu_spent() - before[1]) / told.answered * 1e6)
        rates.append(told.answered / told.seconds)
    ours, theirs, rate = (statistics.median(each) for each in (server, database, rates))
    written = Line("W1", "a pet registered, with its fact", f"{ours:.0f} µs, {rate:.0f} /s", engines=f"{theirs:.0f} µs")
    return [written, _telling(engines)]


def _requests(target: Target) -> list[bytes]:
    return [
        load.head(
            subject.PETS,
            {"X-API-Key": key, "Content-Type": "application/json", "Content-Length": str(len(PET))},
            method="POST",
        )
        + PET
        for key in target.keys[:100]
    ]


def _telling(engines: Engines) -> Line:
    """One scheduler tells all that is waiting, to the fan-out of webhooks and to realtime, from when it is ready."""
    environment = subject.environment(engines, subject.ROWS_REDIS_DB)
    said = engines.directory / "scheduler.err"
    with said.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "esteio", "scheduler"], cwd=ROOT, env=environment, stderr=errors
        )
    try:
        _until(lambda: "scheduler.ready" in said.read_text())
        began, ours, theirs, waiting = time.monotonic(), cpu.spent(process.pid), engines.cpu_spent(), _waiting(engines)
        _until(lambda: not _waiting(engines))
        took = time.monotonic() - began
        ours, theirs = cpu.spent(process.pid) - ours, engines.cpu_spent() - theirs
    finally:
        stop(process)
    told = waiting / 2
    return Line(
        "W1",
        f"{told:.0f} facts told to webhooks and realtime by one scheduler",
        f"{ours / told * 1e6:.0f} µs, {told / took:.0f} /s",
        engines=f"{theirs / told * 1e6:.0f} µs",
    )


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"the facts are not told after {PATIENCE:.0f} s")
        time.sleep(0.05)


def _waiting(engines: Engines) -> int:
    return int(engines.psql(WAITING, "esteio").strip().splitlines()[-1])
