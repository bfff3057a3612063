"""Who this process is, and what it uses, for every process of a server: the library tells that of one process only."""

import os
import platform
import resource
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

from esteio import __version__
from esteio.telemetry.metrics.directory import locked, members, names, shared, sign_on
from esteio.telemetry.metrics.ended import bury
from esteio.telemetry.metrics.families import Family

PLACE = "ESTEIO_PLACE"
"""The variable by which a server tells each of its workers which place it fills."""

LAG = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_STATM = Path("/proc/self/statm")
_OPEN = ("/proc/self/fd", "/dev/fd")


@dataclass
class Own:
    """This process: its name, the same for whoever takes its place, and when it said so (Unix time)."""

    name: str = ""
    since: float = 0.0


OWN = Own()


def enter(kind: str) -> str:
    """Take part in the figures of the server; to be called before the first figure is made. The process's name.

    What an earlier process of the same number has left is folded away: its gauges are not this one's.
    """
    OWN.name = f"{kind}-{os.environ[PLACE]}" if PLACE in os.environ else kind
    OWN.since = time.time()
    folder = shared()
    if folder is not None:
        with locked(folder):
            bury(folder, members(folder).get(os.getpid(), ()))
            sign_on(folder, f"{kind} {OWN.name}")
    return OWN.name


@cache
def start_time() -> Gauge:
    """Another value for the same name is a restart."""
    return _gauge("esteio_process_start_time_seconds", "When the process began to work (Unix time)")


@cache
def resident_bytes() -> Gauge:
    return _gauge("esteio_process_resident_memory_bytes", "Memory of the process that is in RAM")


@cache
def cpu_seconds() -> Counter:
    return Counter("esteio_process_cpu_seconds_total", "Processor time of the process, user and system", ["process"])


@cache
def open_descriptors() -> Gauge:
    return _gauge("esteio_process_open_descriptors", "Files and sockets that the process has open")


@cache
def most_descriptors() -> Gauge:
    return _gauge("esteio_process_max_descriptors", "Files and sockets that the process may have open")


@cache
def last_tick() -> Gauge:
    """Its age is `time()` minus this: a process whose loop hangs tells nothing else of it."""
    return _gauge("esteio_process_last_tick_timestamp_seconds", "When the event loop last came round (Unix time)")


@cache
def loop_lag() -> Histogram:
    return Histogram("esteio_event_loop_lag_seconds", "Lateness of a tick of the event loop", ["process"], buckets=LAG)


@cache
def longest_lag() -> Gauge:
    return _gauge("esteio_event_loop_lag_max_seconds", "The longest lateness of the last 15 seconds")


def _gauge(name: str, words: str) -> Gauge:
    return Gauge(name, words, ["process"], multiprocess_mode="livemostrecent")


def memory() -> int:
    """Resident bytes; where only their peak is told, that."""
    with suppress(OSError, ValueError, IndexError):
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def descriptors() -> int:
    """How many are open; 0 where it is not told."""
    for place in _OPEN:
        with suppress(OSError):
            return sum(1 for _ in Path(place).iterdir()) - 1  # one of them is the listing itself
    return 0


def of_the_server() -> Iterable[Family]:
    """What runs: the release, and how many processes of each kind."""
    build = Family("esteio_build_info", "The release that runs; the value is 1")
    yield build.add(1, version=__version__, python=platform.python_version())
    folder = shared()
    living = [line.partition(" ")[0] for line in names(folder)] if folder is not None else [OWN.name or "process"]
    counted = Family("esteio_processes", "Processes that live, by kind")
    for kind in sorted(set(living)):
        counted.add(living.count(kind), kind=kind)
    yield counted


def of_the_parent(name: str, since: float) -> Iterable[Family]:
    """What a parent of workers uses, which counts nothing in the directory."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    for gauge, value in (
        (start_time(), since),
        (resident_bytes(), memory()),
        (open_descriptors(), descriptors()),
        (most_descriptors(), soft),
    ):
        yield _family(gauge).add(value, process=name)
    yield _family(cpu_seconds(), "counter").add(time.process_time(), process=name)


def _family(measure: Counter | Gauge, kind: Literal["gauge", "counter"] = "gauge") -> Family:
    described = next(iter(measure.describe()))
    return Family(described.name, described.documentation, kind)
