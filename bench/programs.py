"""Programs without a port: workers, schedulers, producers. They say in their logs when they are ready."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import cpu
from bench.servers import ROOT, START_SECONDS, stop

TOLD_SECONDS = 300


@dataclass(frozen=True)
class Program:
    process: "subprocess.Popen[bytes]"
    log: Path

    def cpu_spent(self) -> float:
        return cpu.spent(self.process.pid)


@contextmanager
def running(
    name: str, arguments: tuple[str, ...], environment: Mapping[str, str], directory: Path, ready: str, times: int = 1
) -> Iterator[Program]:
    """`python …` once it has said `ready` that many times; ended with its children when left."""
    log = directory / f"{name}.log"
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=surroundings(environment), stdout=told, stderr=told
        )
    try:
        _wait_until_said(name, process, log, ready, times)
        yield Program(process, log)
    finally:
        stop(process)


def told(arguments: tuple[str, ...], environment: Mapping[str, str]) -> dict[str, float]:
    """Run a program to its end; the JSON object that it printed."""
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=surroundings(environment),
        check=True,
        stdout=subprocess.PIPE,
        timeout=TOLD_SECONDS,
    )
    said: dict[str, float] = json.loads(ended.stdout)
    return said


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """The harness's own environment without settings of a house, and the given one."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ESTEIO_")} | dict(environment)


def _wait_until_said(name: str, process: "subprocess.Popen[bytes]", log: Path, ready: str, times: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while log.read_text(errors="replace").count(ready) < times:
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{name} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
