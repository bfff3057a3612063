"""PostgreSQL goes away while jobs end: the ending is written after its return, or the job runs again, never neither."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from esteio.base.errors import EsteioError
from esteio.embedded.engines import Engines
from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind
from esteio.jobs.run import Run
from tests.faults.conftest import postgres_socket, through
from tests.faults.proxy import Proxy, proxied
from tests.jobs.bench import PLAIN, SHOWN, Bench, Item, Made, comes_true, opened_bench, opened_workshop, write_effect

pytestmark = pytest.mark.anyio


@pytest.fixture
def proxy(engines: Engines) -> AsyncIterator[Proxy]:
    with proxied(postgres_socket(engines)) as opened:
        yield opened


@pytest.fixture
async def bench(database_url: str, engines: Engines, proxy: Proxy) -> AsyncIterator[Bench]:
    """A bench whose workshop reaches the database over a network that can be harmed; its owner does not."""
    async with (
        opened_bench(database_url, engines.redis_url) as opened,
        opened_workshop(through(proxy, database_url), engines.redis_url) as workshop,
    ):
        yield Bench(workshop, opened.owner)


class Worker:
    """A job that the database leaves in the middle of."""

    def __init__(self, bench: Bench, proxy: Proxy, kind: JobKind[Item]) -> None:
        self.bench = bench
        self.proxy = proxy
        self.runs = 0
        self.runner = bench.runner(Job(kind, self.do))

    async def do(self, run: Run, item: Item) -> Made:
        self.runs += 1
        if self.runs == 1:
            self.proxy.set("refuse")
        return Made(n=self.runs)


@pytest.mark.parametrize("kind", [PLAIN, SHOWN], ids=["hidden", "visible"])
async def test_an_ending_waits_for_the_database(bench: Bench, proxy: Proxy, kind: JobKind[Item]) -> None:
    """A result that could not be written at first is written when the database is back; the job runs once."""
    job = await bench.order(kind)
    worker = Worker(bench, proxy, kind)
    working = asyncio.create_task(worker.runner.work([job]))

    async def refused() -> bool:
        return worker.runs == 1 and proxy.lines == 0

    await comes_true(refused)
    assert await bench.state(job) == "running"
    proxy.set("pass")
    await working
    assert (await bench.state(job), worker.runs) == ("succeeded", 1)


async def test_an_ending_that_could_not_be_written_is_a_run_again(bench: Bench, proxy: Proxy) -> None:
    """When the database stays away for too long the worker lets go; the job is taken back and ends in its next run."""
    job = await bench.order(SHOWN)
    worker = Worker(bench, proxy, SHOWN)
    await worker.runner.work([job])
    assert await bench.state(job) == "running"
    proxy.set("pass")
    await bench.lapse()
    await comes_true(lambda: _taken_back(bench))
    await worker.runner.work([job])
    assert (await bench.state(job), worker.runs) == ("succeeded", 2)
    assert await bench.facts(job) == ["task.succeeded"]


async def _taken_back(bench: Bench) -> bool:
    try:
        await bench.reconciler.once()
    except EsteioError:
        return False
    return await bench.count("job_tickets WHERE state = 'queued'") == 1


async def test_a_line_that_dies_at_the_commit_has_its_effect_once(bench: Bench, proxy: Proxy) -> None:
    """R4: whether the end of a completion still arrives or not, its effect is there once when the job has ended."""
    job = await bench.order(SHOWN)
    runs: list[int] = []

    async def do(run: Run, item: Item) -> None:
        runs.append(run.attempt)
        try:
            async with run.completion(Made(n=1)) as session:
                await write_effect(session, run)
                if len(runs) == 1:
                    proxy.set("silent")
        finally:
            proxy.set("pass")

    runner = bench.runner(Job(SHOWN, do))
    await runner.work([job])
    for _ in range(10):
        if await bench.state(job) == "succeeded":
            break
        await bench.lapse()
        await _taken_back(bench)
        await bench.rested(job)
        await runner.work([job])
    assert await bench.state(job) == "succeeded"
    assert len(await bench.effects(job)) == 1
    assert (await bench.facts(job)).count("task.succeeded") == 1
    print(f"runs until the end after a line died at the commit: {runs}")


async def test_a_worker_does_not_claim_while_the_database_is_away(bench: Bench, proxy: Proxy) -> None:
    """R6: an id that arrives meanwhile burns no try: it is sent again."""
    job = await bench.order(PLAIN)
    worker = Worker(bench, proxy, PLAIN)
    proxy.set("refuse")
    await worker.runner.work([job])
    proxy.set("pass")
    ticket = await bench.ticket(job)
    assert (ticket["state"], ticket["attempts"], ticket["fence"], worker.runs) == ("queued", 0, 0, 0)
