"""Plain Celery's side of P9: its worker, its producer, and how one knows that the last job has run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from bench import programs
from bench.engines import Engines
from bench.programs import Program

POOLS = {"threads": 11, "prefork": 12}
"""The pools of Celery that are measured, with the Redis database of each."""

CONCURRENCY = {"threads": 32, "prefork": 2}
"""Threads: as many as a worker process of Esteio has slots. Processes: Celery's own default, one a core."""

APP = "bench.peers.plain_celery"
ENDED = "bench:ended"
END_SECONDS = 120


@dataclass(frozen=True)
class Worker:
    program: Program
    url: str


@dataclass(frozen=True)
class Plain:
    """`delay`, one after the other, in one process."""

    engines: Engines
    worker: Worker
    jobs: int

    def produce(self) -> dict[str, float]:
        return programs.told(("-m", APP, str(self.jobs)), {"BENCH_BROKER_URL": self.worker.url})

    def ended(self) -> float:
        with redis.Redis.from_url(self.worker.url) as client:
            told = client.blpop([ENDED], timeout=END_SECONDS)
        if told is None:
            raise SystemExit("plain Celery did not run all of its jobs")
        return float(told[1])

    def cpu_spent(self) -> float:
        return self.worker.program.cpu_spent()


@contextmanager
def running(engines: Engines, pool: str) -> Iterator[Worker]:
    url = engines.redis_url(POOLS[pool])
    command = ("-m", "celery", "-A", APP, "worker", "--pool", pool, "--concurrency", str(CONCURRENCY[pool]))
    flags = ("--loglevel", "info", "--without-gossip", "--without-mingle")
    environment = {"BENCH_BROKER_URL": url}
    with programs.running(f"celery-{pool}", (*command, *flags), environment, engines.directory, " ready.") as program:
        yield Worker(program, url)
