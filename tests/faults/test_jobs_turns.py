"""Who waits for how long, with real processes: behind another tenant's crowd, after a commit, with schedulers dying."""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from time import monotonic
from uuid import UUID

import pytest

from esteio.base.clock import SystemClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import enqueue
from esteio.resources import open_resources
from esteio.runtime.opening import make_resources, sections
from esteio.settings import read_settings
from tests.faults.errands import OTHER, SERVICES, Errands
from tests.faults.job_services import ERRAND, TICK, TICKING, Errand
from tests.house import eventually, sql
from tests.worker.processes import scheduler, worker

SLOTS = 4
CROWD = 5_000
LENGTH = 0.1
FEW, GRACE = 5, 2.0
PER_SECOND, LATEST, WORST = 20, 1.0, 3.0
TICKS = 5


@pytest.fixture
def errands(new_database: Callable[[], str], new_redis: Callable[[], str]) -> Errands:
    return Errands.on(new_database(), new_redis(), JOBS__LEASE="5", JOBS__CARRIED="3")


async def paced(errands: Errands, number: int, per_second: float) -> list[UUID]:
    """Errands that are written down one by one at a steady pace, each in a transaction of its own."""
    resources = make_resources(read_settings(sections(()), environ=errands.given), SystemClock())
    found: list[UUID] = []
    async with open_resources(resources):
        began = monotonic()
        for n in range(number):
            await asyncio.sleep(max(0.0, began + n / per_second - monotonic()))
            async with transaction(resources.database, DEFAULT_TENANT) as session:
                errand = Errand(n=n, seconds=0.0)
                found.append(await enqueue(session, ERRAND, errand, tenant=DEFAULT_TENANT, principal="user:test"))
    return found


def test_one_tenants_crowd_does_not_delay_another(errands: Errands) -> None:
    """While 5 000 jobs of one tenant wait for four slots, each single job of another is done in a few job lengths."""
    given = replace(errands, given={**errands.given, "ESTEIO_JOBS__IO_SLOTS": str(SLOTS)})
    asyncio.run(given.order([Errand(n=n, seconds=LENGTH) for n in range(CROWD)]))
    with worker(given.given, queues="io", services=SERVICES), scheduler(given.given, services=SERVICES):
        eventually(lambda: len(given.wrote()) > 3 * SLOTS)
        took = []
        for _ in range(5):
            (lonely,) = asyncio.run(given.order([Errand(seconds=LENGTH)], tenant=OTHER))
            eventually(lambda job=lonely: given.outcomes()[job] == "succeeded")
            took.append(_seconds(given, lonely, "finished_at"))
        assert given.living() > CROWD / 2, "the crowd was gone, so this proves nothing"
    lengths = [f"{seconds / LENGTH:.1f}" for seconds in took]
    print(f"job lengths from commit to end behind a crowd of {CROWD}: {', '.join(lengths)}")
    assert max(took) <= FEW * LENGTH + GRACE


def test_a_job_starts_soon_after_its_commit(errands: Errands) -> None:
    """At 20 jobs a second the time from commit to start is printed, and its 95th percentile is not a multiple of it."""
    with worker(errands.given, queues="io", services=SERVICES), scheduler(errands.given, services=SERVICES):
        jobs = asyncio.run(paced(errands, 10 * PER_SECOND, PER_SECOND))
        errands.all_end()
    errands.each_done_once(jobs)
    waited = sorted(_seconds(errands, job, "started_at") for job in jobs)
    p50, p95 = waited[len(waited) // 2], waited[len(waited) * 95 // 100]
    print(f"commit to start at {PER_SECOND}/s: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms (bar {LATEST} s)")
    assert p95 <= WORST


def test_schedulers_that_die_lose_and_double_nothing(errands: Errands) -> None:
    """Of several schedulers each is killed in turn: every job ends once, and no due time of a schedule fires twice."""
    services = "tests.faults.job_services:TICKING_SERVICES"
    with worker(errands.given, queues="io", services=services), ExitStack() as stack:
        running = [stack.enter_context(scheduler(errands.given, services=services)) for _ in range(2)]
        jobs: list[UUID] = []
        for _ in range(2):
            jobs += asyncio.run(paced(errands, 60, 60))
            running[-2].kill()
            jobs += asyncio.run(paced(errands, 60, 60))
            running.append(stack.enter_context(scheduler(errands.given, services=services)))
        eventually(lambda: _ticks(errands) >= TICKS)
        for one in running:
            one.signal(signal.SIGTERM)
        dues = [line["due"] for one in running if one.ended() is not None for line in one.lines("schedule.fired")]
        stack.enter_context(scheduler(errands.given, services=services.replace("TICKING_", "")))
        errands.all_end()
    errands.each_done_once(list(errands.outcomes()))
    assert set(jobs) <= set(errands.outcomes())
    assert [due for due, times in Counter(dues).items() if times > 1] == []
    assert len(dues) <= _ticks(errands) <= _due_times(errands)
    print(f"{_ticks(errands)} ticks of {_due_times(errands)} due times, {len(jobs)} jobs ended once each")


def _ticks(errands: Errands) -> int:
    return int(sql(errands.url, "SELECT count(*) FROM jobs WHERE name = $1", TICK.name)[0][0])


def _due_times(errands: Errands) -> int:
    """How many times there were to fire at, from the first tick to the last that was fired."""
    (row,) = sql(
        errands.url,
        "SELECT extract(epoch FROM (SELECT last_due FROM job_schedules WHERE name = $1) - min(created_at)) FROM jobs "
        "WHERE name = $2",
        TICKING.key,
        TICK.name,
    )
    return int(row[0]) // 2 + 2


def _seconds(errands: Errands, job: UUID, until: str) -> float:
    (row,) = sql(errands.url, f"SELECT extract(epoch FROM {until} - created_at)::float8 FROM jobs WHERE id = $1", job)
    return float(row[0])
