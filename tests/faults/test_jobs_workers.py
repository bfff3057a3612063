"""Worker processes that freeze, die, are killed by their own jobs, or are asked to end: what becomes of their jobs."""

import asyncio
import signal
from collections.abc import Callable
from time import monotonic
from uuid import UUID

import pytest

from esteio.jobs.tickets import CRASHES
from tests.faults.errands import SERVICES, Errands
from tests.faults.job_services import ERRAND, Errand
from tests.house import eventually, sql
from tests.worker.processes import scheduler, worker

EXIT = 30.0
RESULT = "SELECT result->>'pid' AS pid, attempts FROM jobs WHERE id = $1"
LEASE = 3.0


@pytest.fixture
def errands(new_database: Callable[[], str], new_redis: Callable[[], str]) -> Errands:
    """A deployment of its own in which what is lost is noticed soon."""
    return Errands.on(new_database(), new_redis(), JOBS__LEASE=str(LEASE), JOBS__CARRIED=str(LEASE), JOBS__DRAIN="1")


def test_a_frozen_worker_does_not_overwrite_its_successor(errands: Errands) -> None:
    """R4: a worker that is frozen past its lease and goes on later changes nothing: its successor's result stands."""
    with worker(errands.given, queues="io", services=SERVICES) as first, scheduler(errands.given, services=SERVICES):
        (job,) = asyncio.run(errands.order([Errand(n=1, seconds=1.5)]))
        eventually(lambda: errands.wrote("began") == {job: 1})
        first.freeze()
        with worker(errands.given, queues="io", services=SERVICES) as second:
            errands.all_end()
            (row,) = sql(errands.url, RESULT, job)
            assert int(row["pid"]) in second.pids
            first.thaw()
            eventually(lambda: first.said("job.lease_lost"))
            assert sql(errands.url, RESULT, job) == [row]
    assert (errands.wrote("began"), errands.wrote()) == ({job: 2}, {job: 1})


def test_a_job_that_kills_its_workers_becomes_a_dead_letter(errands: Errands) -> None:
    """R3: three killed processes and it is a dead letter; all that ran beside it, and all others, end well."""
    with worker(errands.given, queues="io", services=SERVICES), scheduler(errands.given, services=SERVICES):
        beside = asyncio.run(errands.order([Errand(n=n, seconds=0.7) for n in range(8)]))
        eventually(lambda: len(errands.wrote("began")) == len(beside))
        (deadly,) = asyncio.run(errands.order([Errand(n=99, deadly=True)]))
        others = asyncio.run(errands.order([Errand(n=n, seconds=0.05) for n in range(300)]))
        start = monotonic()
        errands.all_end()
        print(f"dead letter after {monotonic() - start:.1f} s with a lease of {LEASE} s")
    (row,) = sql(errands.url, "SELECT outcome, error->>'code' AS code FROM jobs WHERE id = $1", deadly)
    assert tuple(row) == ("failed", "JOB_WORKER_LOST"), f"{row}: {_story(errands, deadly)}"
    assert errands.wrote("began")[deadly] == CRASHES
    errands.each_done_once([*beside, *others])


def test_a_worker_that_is_asked_to_end_leaves_nothing_undone(errands: Errands) -> None:
    """R7: SIGTERM under load: what is short ends, what is long is handed back, and none of it happens twice."""
    jobs = asyncio.run(errands.order([Errand(n=n, seconds=3.0 if n % 40 == 0 else 0.1) for n in range(600)]))
    with scheduler(errands.given, services=SERVICES):
        with worker(errands.given, queues="io", processes=2, services=SERVICES) as running:
            eventually(lambda: len(errands.wrote()) > 50)
            start = monotonic()
            running.signal(signal.SIGTERM)
            code = running.ended(EXIT)
            took = monotonic() - start
        assert (code, errands.living() > 0) == (0, True)
        held = sql(errands.url, "SELECT count(*) FROM job_tickets WHERE state = 'running'")[0][0]
        with worker(errands.given, queues="io", processes=2, services=SERVICES):
            errands.all_end()
    again = sum(runs - 1 for runs in errands.wrote("began").values())
    print(f"ended after {took:.1f} s; {held} jobs still held by it, {again} begun again")
    assert held == 0
    errands.each_done_once(jobs)
    assert {row["attempts"] for row in sql(errands.url, "SELECT attempts FROM jobs WHERE name = $1", ERRAND.name)} == {
        1
    }, "a try was used up"


def _story(errands: Errands, job: UUID) -> list[tuple[object, ...]]:
    """What is known of a job that ended otherwise than it should."""
    rows = sql(errands.url, "SELECT attempts, started_at, finished_at, result, error FROM jobs WHERE id = $1", job)
    rows += sql(errands.url, "SELECT stage, pid, at FROM wrote WHERE job = $1 ORDER BY at", job)
    return [tuple(row) for row in rows]
