"""Alternating rounds: every point once, then every point again, so that a slow minute of the machine hits them all."""

import statistics
from dataclasses import dataclass, field

from bench import load, points
from bench.engines import Engines
from bench.points import Point, Target

WARM_UP_SECONDS = 1


@dataclass
class Figures:
    """CPU of one point in microseconds a request, a value per round: the app's own, and both engines' together."""

    server: list[float] = field(default_factory=list)
    engines: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    @property
    def server_us(self) -> float:
        return statistics.median(self.server)

    @property
    def engines_us(self) -> float:
        return statistics.median(self.engines)

    @property
    def all_us(self) -> float:
        return statistics.median(ours + theirs for ours, theirs in zip(self.server, self.engines, strict=True))

    @property
    def spread(self) -> float:
        """The distance of the extreme rounds, as a share of the median."""
        return (max(self.server) - min(self.server)) / self.server_us


def measure(
    chosen: list[Point], targets: dict[str, Target], engines: Engines, rounds: int, seconds: float
) -> dict[str, Figures]:
    requests = {point.name: points.requests(point, targets[point.app]) for point in chosen}
    for point in chosen:
        told = load.closed(targets[point.app].server.port, requests[point.name], WARM_UP_SECONDS)
        points.check(point, told)
    figures = {point.name: Figures() for point in chosen}
    for _ in range(rounds):
        for point in chosen:
            take(point, targets[point.app], engines, requests[point.name], seconds, figures[point.name])
    return figures


def take(
    point: Point, target: Target, engines: Engines, requests: list[bytes], seconds: float, figures: Figures
) -> None:
    """One load of one point, added to its figures."""
    server, around = target.server.cpu_spent(), engines.cpu_spent()
    told = load.closed(target.server.port, requests, seconds)
    server, around = target.server.cpu_spent() - server, engines.cpu_spent() - around
    points.check(point, told)
    figures.server.append(server / told.answered * 1e6)
    figures.engines.append(around / told.answered * 1e6)
    figures.rate.append(told.answered / told.seconds)
    figures.p99.append(told.p99)
