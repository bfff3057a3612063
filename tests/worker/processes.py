"""Workers and schedulers as real processes, for tests of any part.

`with worker(environment, queues="io") as running:` starts `esteio worker` with the trial services (or the `services`
named), `with scheduler(environment) as running:` a scheduler. Whatever is left of them ends with the block.
"""

import asyncio
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psutil

from esteio.base.clock import SystemClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import Order, enqueue_all
from esteio.jobs.kinds import JobKind
from esteio.resources import open_resources
from esteio.runtime.opening import make_resources, sections
from esteio.settings import read_settings
from tests.cli.command import COMMAND, NOWHERE, SECONDS, lives, surroundings
from tests.house import eventually, sql
from tests.logs.kept import keep_file
from tests.worker.services import TABLE, Number

TRIAL = "tests.worker.services:SERVICES"
OURS = "name LIKE 'trial.%'"
"""Jobs that a test wrote down, and not those that the platform has at its times, such as each quarter of an hour."""


@dataclass
class Running:
    """A process and its children. Its standard error goes to `log`, one JSON object a line."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def text(self) -> str:
        return self.log.read_text()

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """What it logged, of one event or all; lines that are not JSON fail."""
        found = [orjson.loads(line) for line in self.log.read_bytes().splitlines()]
        return [line for line in found if line["event"] == event or not event]

    def said(self, event: str, times: int = 1) -> bool:
        assert self.process.poll() is None, self.text
        return self.text.count(f'"event":"{event}"') >= times

    def children(self) -> list[psutil.Process]:
        """The processes that do the work; none for a scheduler, which does it itself."""
        with suppress(psutil.NoSuchProcess):
            return [one for one in psutil.Process(self.process.pid).children() if lives(one)]
        return []

    @property
    def pids(self) -> set[int]:
        return {child.pid for child in self.children()}

    def family(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *self.children()]

    def freeze(self) -> None:
        """Stop all its processes where they are: they hold what they hold, and give no sign of life."""
        for one in self.family():
            one.suspend()

    def thaw(self) -> None:
        for one in reversed(self.family()):
            one.resume()

    def kill(self) -> None:
        """End the working processes as a crash would; the parent replaces them."""
        for child in self.children() or [psutil.Process(self.process.pid)]:
            with suppress(psutil.NoSuchProcess):
                child.kill()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, within: float = SECONDS) -> int:
        return self.process.wait(within)


@contextmanager
def worker(
    environment: Mapping[str, str],
    *,
    queues: str = "io,cpu",
    processes: int = 1,
    services: str | None = TRIAL,
    ready: bool = True,
    more: Sequence[str] = (),
) -> Iterator[Running]:
    """`esteio worker`; with `ready`, once each of its processes consumes its queue."""
    words = ["worker", "--queues", queues, "--processes", str(processes), *_services(services), *more]
    with running(words, environment) as started:
        if ready:
            number = processes * len(queues.split(","))
            eventually(lambda: started.said("worker.ready", number), SECONDS)
        yield started


@contextmanager
def scheduler(
    environment: Mapping[str, str],
    *,
    services: str | None = TRIAL,
    ready: bool = True,
    more: Sequence[str] = (),
) -> Iterator[Running]:
    """`esteio scheduler`; with `ready`, once its parts run."""
    with running(["scheduler", *_services(services), *more], environment) as started:
        if ready:
            eventually(lambda: started.said("scheduler.ready"), SECONDS)
        yield started


def _services(place: str | None) -> list[str]:
    return [] if place is None else ["--services", place]


@contextmanager
def running(words: Sequence[str], environment: Mapping[str, str]) -> Iterator[Running]:
    """`esteio …` as a process for the time of the block; all of its family that is left is killed at the end."""
    with tempfile.NamedTemporaryFile(prefix="esteio-test-log-") as log:
        process = subprocess.Popen(
            [*COMMAND, *words],
            env=surroundings({"ESTEIO_TELEMETRY__LOG_FORMAT": "json", **environment}),
            cwd=NOWHERE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        started = Running(process, Path(log.name))
        try:
            yield started
        finally:
            family = started.children()
            if process.poll() is None:
                process.kill()
            for one in family:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            process.wait()
            psutil.wait_procs(family, timeout=SECONDS)
            keep_file(started.log)


def write_down(
    environment: Mapping[str, str], kind: JobKind[Number], payloads: Sequence[Number], **options: Any
) -> list[UUID]:
    """Enqueue jobs as a use case does, in one transaction; their ids."""

    async def write() -> list[UUID]:
        resources = make_resources(read_settings(sections(()), environ=dict(environment)), SystemClock())
        async with open_resources(resources), transaction(resources.database, DEFAULT_TENANT) as session:
            orders = [Order(payload, **options) for payload in payloads]
            return await enqueue_all(session, kind, orders, tenant=DEFAULT_TENANT, principal="test")

    return asyncio.run(write())


def prepare(database_url: str) -> None:
    """Make the table that the trial jobs write into."""
    for statement in filter(str.strip, TABLE.split(";")):
        sql(database_url, statement)


def outcomes(database_url: str, jobs: Sequence[UUID]) -> list[str | None]:
    """How the jobs ended, in order; `None` for one that lives."""
    found = sql(database_url, "SELECT id, outcome FROM jobs WHERE id = ANY ($1::uuid[])", list(jobs))
    by_id = {row["id"]: row["outcome"] for row in found}
    return [by_id[job] for job in jobs]


def all_ended(database_url: str, jobs: Sequence[UUID], outcome: str = "succeeded") -> Callable[[], bool]:
    """A condition: each of the jobs has ended so."""
    return lambda: outcomes(database_url, jobs) == [outcome] * len(jobs)
