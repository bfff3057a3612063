"""P10: what a limit costs in Redis round trips, and whether 8 processes together ever admit more than its quota."""

import json
import math
import subprocess
import sys
import time
from array import array
from dataclasses import dataclass
from pathlib import Path

import redis

from bench.engines import Engines
from bench.hammer import SETTLE_SECONDS
from bench.house import House
from bench.points import Point
from bench.report import Line, verdict
from bench.servers import ROOT

REDIS_DB = 9
START_SECONDS, MEASURED_SECONDS, END_SECONDS = 4, 8, 60
PROCESSES = 8
LOADED = 0.6
BAR = 0.1
HAMMERED_QUOTA, HAMMERED_WINDOW = 10_000, 2


@dataclass(frozen=True)
class Run:
    """What the processes did between two looks at the server."""

    admitted: list[tuple[float, float]]
    round_trips: int
    seconds: float

    @property
    def trips_each(self) -> float:
        return self.round_trips / max(1, len(self.admitted))


def lines(house: House, known: dict[str, Point], times: int, seconds: float) -> list[Line]:
    """Steady load at 60 % of the quota, at two quotas and two numbers of processes; then all that 8 can ask for."""
    steady = _steady(house.engines, 6_000, PROCESSES)
    alone = _steady(house.engines, 6_000, 1)
    large = _steady(house.engines, 60_000, PROCESSES)
    hammered = _run(house.engines, HAMMERED_QUOTA, HAMMERED_WINDOW, PROCESSES, 0)
    return [
        _cost("6000/minute, 8 processes, steady 60 /s", steady),
        _growth("processes 1 → 8", alone, steady, 8),
        _growth("quota 6000 → 60000", steady, large, 10),
        *_hammered(hammered),
    ]


def over_admitted(admitted: list[tuple[float, float]], quota: int, window: float) -> int:
    """The most admissions beyond the quota that surely fell within one window, wherever it begins; 0 for none.

    Each admission is known by an instant before and one after it; it counts only where both lie in the window.
    """
    afters = sorted(after for _, after in admitted)
    befores = sorted(before for before, _ in admitted)
    most = begin = 0
    for end, after in enumerate(afters, start=1):
        while befores[begin] < after - window:
            begin += 1
        most = max(most, end - begin)
    return max(0, most - quota)


def _steady(engines: Engines, per_minute: int, processes: int) -> Run:
    return _run(engines, per_minute, 60, processes, per_minute / 60 * LOADED / processes)


def _run(engines: Engines, quota: int, window: float, processes: int, rate: float) -> Run:
    since = time.monotonic() + START_SECONDS + SETTLE_SECONDS
    until = since + MEASURED_SECONDS
    url = engines.redis_url(REDIS_DB)
    order = {"redis": url, "quota": quota, "window": window, "rate": rate, "since": since, "until": until}
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    files = [engines.directory / f"admitted-{number}" for number in range(processes)]
    workers = [_worker(order, file) for file in files]
    round_trips = sum(_told(worker) for worker in workers)
    admitted = [pair for file in files for pair in _admissions(file) if since <= pair[0] and pair[1] <= until]
    return Run(admitted, round_trips, MEASURED_SECONDS)


def _worker(order: dict[str, object], file: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "bench.hammer", json.dumps(order), str(file)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def _told(worker: "subprocess.Popen[bytes]") -> int:
    try:
        told, _ = worker.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        raise
    if worker.returncode != 0:
        raise SystemExit(f"bench.hammer ended with {worker.returncode}")
    return int(told)


def _admissions(file: Path) -> list[tuple[float, float]]:
    instants = array("d")
    with file.open("rb") as source:
        instants.fromfile(source, file.stat().st_size // instants.itemsize)
    return list(zip(instants[::2], instants[1::2], strict=True))


def _cost(what: str, run: Run) -> Line:
    figure = f"{len(run.admitted)} admitted, {run.round_trips} round trips"
    return Line("P10", what, figure, "", "", f"{run.trips_each:.4f}", f"≤ {BAR}", verdict(run.trips_each, BAR))


def _growth(what: str, small: Run, large: Run, times: float) -> Line:
    figure = f"{small.trips_each:.4f} → {large.trips_each:.4f} a request"
    both = small.trips_each > 0 and large.trips_each > 0
    exponent = f"exponent {math.log(large.trips_each / small.trips_each) / math.log(times):.2f}" if both else ""
    return Line("P10", what, figure, ratio=exponent)


def _hammered(run: Run) -> list[Line]:
    over = over_admitted(run.admitted, HAMMERED_QUOTA, HAMMERED_WINDOW)
    windows = run.seconds / HAMMERED_WINDOW
    share = len(run.admitted) / windows / HAMMERED_QUOTA
    what = f"8 processes ask all they can of {HAMMERED_QUOTA}/{HAMMERED_WINDOW}s"
    return [
        _cost(what, run),
        Line(
            "P10", "over-admission, any window", f"{over}", "", f"{share:.0%} of the quota used", "", "= 0", _none(over)
        ),
    ]


def _none(over: int) -> str:
    return "yes" if over == 0 else "no"
