"""P4's second half: what good callers feel while refused ones flood the same process."""

import statistics
from concurrent.futures import ThreadPoolExecutor

from bench import load, points
from bench.house import House
from bench.points import Point, Target
from bench.report import Line, verdict

GOOD_CONNECTIONS, GOOD_RATE = 4, 400
SUBJECT, BASE = "esteio", "bare"
BAR = 1.5


def lines(house: House, known: dict[str, Point], times: int, seconds: float) -> list[Line]:
    """For each flood a line: the good callers' p99 without and with it, beside the same on the bare ASGI app.

    One process answers one request at a time, so 16 flooding connections make a queue before any app at all; what
    they do to the bare app is therefore what unharmed means.
    """
    if SUBJECT not in known or known[SUBJECT].app not in house.targets:
        return []
    return [_flood(house, known, status, times, seconds) for status in (401, 429)]


def _flood(house: House, known: dict[str, Point], status: int, times: int, seconds: float) -> Line:
    rises = []
    for name in (SUBJECT, BASE):
        good, flood = known[name], known[f"{name} {status}"]
        rises.append(_Rise(house.targets[good.app], good, flood))
    for _ in range(times):
        for rise in rises:
            rise.take(seconds)
    return _line(status, *rises)


class _Rise:
    """Good callers' p99 in seconds, a value per round, quiet and under the flood."""

    def __init__(self, target: Target, good: Point, flood: Point) -> None:
        self.target, self.good, self.flood = target, good, flood
        self.good_requests = points.requests(good, target)
        self.flood_requests = points.requests(flood, target)
        self.quiet: list[float] = []
        self.flooded: list[float] = []

    def take(self, seconds: float) -> None:
        self.quiet.append(self._good(seconds))
        port = self.target.server.port
        with ThreadPoolExecutor(1) as pool:
            flooding = pool.submit(load.closed, port, self.flood_requests, seconds + 1)
            self.flooded.append(self._good(seconds))
            points.check(self.flood, flooding.result())

    def _good(self, seconds: float) -> float:
        told = load.paced(self.target.server.port, self.good_requests, seconds, GOOD_CONNECTIONS, GOOD_RATE)
        points.check(self.good, told)
        return told.p99

    def words(self) -> str:
        return f"{statistics.median(self.quiet) * 1000:.1f} → {statistics.median(self.flooded) * 1000:.1f} ms"


def _line(status: int, ours: _Rise, base: _Rise) -> Line:
    ratio = statistics.median(ours.flooded) / statistics.median(base.flooded)
    what = f"good callers' p99, quiet → under {status} flood"
    return Line("P4", what, ours.words(), "", f"bare {base.words()}", f"{ratio:.3f}", f"≤ {BAR}", verdict(ratio, BAR))
