"""How fast jobs go in one way of doing them, and the CPU of each part, over alternating rounds."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bench.engines import Engines


class Way(Protocol):
    """One way of doing so many jobs.

    `produce` returns what its producer told of itself (when it began, its CPU), `ended` waits for the end of the last
    job and returns when that was, `cpu_spent` is the CPU so far of those who carry and run.
    """

    @property
    def jobs(self) -> int: ...
    def produce(self) -> dict[str, float]: ...
    def ended(self) -> float: ...
    def cpu_spent(self) -> float: ...


@dataclass
class Pace:
    """A value per round: jobs a second, and microseconds of CPU a job of the producer, those who run, the engines."""

    rate: list[float] = field(default_factory=list)
    producer: list[float] = field(default_factory=list)
    running: list[float] = field(default_factory=list)
    engines: list[float] = field(default_factory=list)

    def jobs_a_second(self) -> float:
        return statistics.median(self.rate)

    def all_us(self) -> float:
        return statistics.median(map(sum, zip(self.producer, self.running, self.engines, strict=True)))

    def words(self) -> str:
        """The producer's and the others' CPU apart, for an API process is the producer."""
        producer, running = statistics.median(self.producer), statistics.median(self.running)
        return f"{self.jobs_a_second():.0f} /s, {producer:.0f} + {running:.0f} µs"

    def engines_words(self) -> str:
        return f"{statistics.median(self.engines):.0f} µs"


def take(ways: Mapping[str, Way], engines: Engines, times: int, settle: Callable[[], object]) -> dict[str, Pace]:
    """Every way once, then every way again; a first round, which is not counted, warms them, then they are settled."""
    paces = {name: Pace() for name in ways}
    for way in ways.values():
        _take(way, engines, Pace())
    settle()
    for _ in range(times):
        for name, way in ways.items():
            _take(way, engines, paces[name])
    return paces


def _take(way: Way, engines: Engines, pace: Pace) -> None:
    running, around = way.cpu_spent(), engines.cpu_spent()
    told = way.produce()
    seconds = way.ended() - told["began"]
    pace.rate.append(way.jobs / seconds)
    for part, spent in (
        (pace.producer, told["cpu"]),
        (pace.running, way.cpu_spent() - running),
        (pace.engines, engines.cpu_spent() - around),
    ):
        part.append(spent / way.jobs * 1e6)
