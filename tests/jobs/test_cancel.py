"""Cancelling lasts: what was cancelled never runs, wherever the job stood; and dead letters that run again."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from esteio.base.errors import NotFound
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.control import cancel, retry, retry_failed
from esteio.jobs.errors import NotCancellable, NotRetriable, Permanent
from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind
from esteio.jobs.run import Run
from tests.jobs.bench import OTHER, PLAIN, SHOWN, TWICE, Bench, Item, Made

pytestmark = pytest.mark.anyio


async def cancelled(bench: Bench, job: UUID, *, tenant: UUID = DEFAULT_TENANT, visible: bool = True) -> None:
    async with transaction(bench.database, tenant) as session:
        await cancel(session, job, bench.workshop.tell, tenant=tenant, visible=visible)


async def retried(bench: Bench, job: UUID, *, tenant: UUID = DEFAULT_TENANT, visible: bool = True) -> None:
    async with transaction(bench.database, tenant) as session:
        await retry(session, job, visible=visible)


async def dead(bench: Bench, kind: JobKind[Item] = SHOWN, **how: Any) -> UUID:
    """A job that failed."""
    job = await bench.order(kind, **how)

    async def do(run: Run, item: Item) -> None:
        raise Permanent

    await bench.runner(Job(kind, do)).work([job])
    assert await bench.state(job) == "failed"
    return job


class Runs:
    """Jobs whose runs are counted, and stay until they are let go."""

    def __init__(self) -> None:
        self.ran: list[UUID] = []
        self.started = asyncio.Event()
        self.go_on = asyncio.Event()
        self.fails = False

    async def do(self, run: Run, item: Item) -> Made:
        self.ran.append(run.id)
        self.started.set()
        await self.go_on.wait()
        if self.fails:
            raise ValueError
        return Made()


class TestWaiting:
    async def test_what_waits_never_runs(self, bench: Bench) -> None:
        """Cancelled before a worker was up: one that comes later, with the id on its way already, runs nothing."""
        runs, job = Runs(), await bench.order(SHOWN)
        assert await bench.tickets.take("io", 10) == [job]
        await cancelled(bench, job)
        assert await bench.state(job) == "cancelled"
        assert await bench.facts(job) == ["task.cancelled"]
        await bench.runner(Job(SHOWN, runs.do)).work([job, job])
        await bench.reconciler.once()
        assert await bench.tickets.take("io", 10) == []
        assert runs.ran == []

    async def test_what_rests_never_runs_again(self, bench: Bench) -> None:
        """A job between two tries is ended by its cancellation, and keeps what it knew of the last one."""
        runs, job = Runs(), await bench.order(SHOWN)
        runs.fails = True
        runs.go_on.set()
        runner = bench.runner(Job(SHOWN, runs.do))
        await runner.work([job])
        await cancelled(bench, job)
        await runner.work([job])
        assert await bench.state(job) == "cancelled"
        assert (await bench.job(job))["attempts"] == 1
        assert runs.ran == [job]

    async def test_a_cancellation_that_did_not_commit_cancels_nothing(self, bench: Bench) -> None:
        """Rolled back, the job is as it was."""
        job = await bench.order(SHOWN)
        with pytest.raises(RuntimeError):
            async with transaction(bench.database, DEFAULT_TENANT) as session:
                await cancel(session, job, bench.workshop.tell, tenant=DEFAULT_TENANT)
                raise RuntimeError
        assert await bench.state(job) == "queued"
        assert await bench.facts(job) == []

    async def test_what_has_ended_is_not_cancelled(self, bench: Bench) -> None:
        """A second cancellation, one of a finished job, of another tenant's, of a hidden or unknown one is refused."""
        job, hidden, foreign = (
            await bench.order(SHOWN),
            await bench.order(PLAIN),
            await bench.order(SHOWN, tenant=OTHER),
        )
        await cancelled(bench, job)
        with pytest.raises(NotCancellable):
            await cancelled(bench, job)
        for unknown in (hidden, foreign, UUID(int=1)):
            with pytest.raises(NotFound):
                await cancelled(bench, unknown)
        await cancelled(bench, hidden, visible=False)
        assert [await bench.state(one) for one in (hidden, foreign)] == ["cancelled", "queued"]


class TestRunning:
    async def test_what_runs_is_stopped(self, bench: Bench) -> None:
        """A running job is stopped at its worker's next sign of life and ends as cancelled."""
        runs, job = Runs(), await bench.order(SHOWN)
        runner = bench.runner(Job(SHOWN, runs.do))
        working = asyncio.create_task(runner.work([job]))
        await runs.started.wait()
        await cancelled(bench, job)
        assert await bench.state(job) == "running"
        await cancelled(bench, job)
        await runner.beat()
        await working
        assert await bench.state(job) == "cancelled"
        assert await bench.facts(job) == ["task.cancelled"]

    @pytest.mark.parametrize("ends", ["fails", "handed back", "worker dies"])
    async def test_it_does_not_run_again(self, bench: Bench, ends: str) -> None:
        """Asked for while it ran, a cancellation holds also when the run fails, or its worker stops or dies."""
        runs, job = Runs(), await bench.order(SHOWN)
        runner = bench.runner(Job(SHOWN, runs.do))
        if ends == "worker dies":
            await bench.tickets.claim([job], "gone", 20)
            await cancelled(bench, job)
            await bench.lapse()
        else:
            working = asyncio.create_task(runner.work([job]))
            await runs.started.wait()
            await cancelled(bench, job)
            if ends == "fails":
                runs.fails = True
                runs.go_on.set()
            else:
                await runner.close()
            await working
        await bench.reconciler.once()
        assert await bench.state(job) == "cancelled"
        assert (await bench.facts(job))[-1:] == ["task.cancelled"]
        assert (await bench.facts(job)).count("task.cancelled") == 1
        await bench.runner(Job(SHOWN, runs.do), worker="next").work([job])
        assert len(runs.ran) <= 1

    @pytest.mark.parametrize("first", ["cancel", "claim", "either"])
    async def test_cancelling_and_claiming_exclude_each_other(self, bench: Bench, first: str) -> None:
        """Both at once, many times: either the job never ran, or its run was told to stop; nothing is left over."""
        runs = Runs()
        runs.go_on.set()
        runner = bench.runner(Job(SHOWN, runs.do))
        seen = set()
        for _ in range(40):
            job = await bench.order(SHOWN)
            before = len(runs.ran)

            async def give_up(job: UUID = job) -> str:
                if first == "claim":
                    await asyncio.sleep(0)
                try:
                    await cancelled(bench, job)
                except NotCancellable:
                    return "too late"
                return "cancelled"

            async def go(job: UUID = job) -> None:
                if first == "cancel":
                    await asyncio.sleep(0.002)
                await runner.work([job])

            said, _ = await asyncio.gather(give_up(), go())
            state, ran = await bench.state(job), len(runs.ran) - before
            seen.add((said, state, ran))
            if state == "cancelled":
                assert said == "cancelled"
            if ran == 0:
                assert state == "cancelled"
        assert seen <= {("cancelled", "cancelled", 0), ("too late", "succeeded", 1), ("cancelled", "succeeded", 1)}
        print(f"cancel against claim, {first} first: {sorted(seen)}")


class TestRetry:
    async def test_a_dead_letter_runs_again_with_all_its_tries(self, bench: Bench) -> None:
        """Retried by hand it waits as if new: no error, no times, no tries used; and then it may succeed."""
        job = await dead(bench, TWICE)
        await retried(bench, job)
        row = await bench.job(job)
        assert [row[name] for name in ("outcome", "error", "started_at", "finished_at", "attempts")] == [None] * 4 + [0]
        runs = Runs()
        runs.go_on.set()
        assert await bench.tickets.take("io", 10) == [job]
        await bench.runner(Job(TWICE, runs.do)).work([job])
        assert await bench.state(job) == "succeeded"
        assert (await bench.job(job))["attempts"] == 1

    async def test_only_a_dead_letter_is_retried(self, bench: Bench) -> None:
        """What waits or was cancelled is refused; another tenant's, a hidden and an unknown one are not found."""
        waiting, gone = await bench.order(SHOWN), await bench.order(SHOWN)
        await cancelled(bench, gone)
        for job in (waiting, gone):
            with pytest.raises(NotRetriable):
                await retried(bench, job)
        for job in (await dead(bench, tenant=OTHER), await dead(bench, PLAIN), UUID(int=1)):
            with pytest.raises(NotFound):
                await retried(bench, job)

    async def test_two_retries_at_once_make_one_job(self, bench: Bench) -> None:
        """Of two that ask at the same time one is refused, and the job has one ticket."""
        for _ in range(10):
            job = await dead(bench)
            found = await asyncio.gather(retried(bench, job), retried(bench, job), return_exceptions=True)
            assert sorted(type(one).__name__ for one in found) == ["NoneType", "NotRetriable"]
            assert await bench.state(job) == "queued"

    async def test_a_key_that_lives_is_a_clear_conflict(self, bench: Bench) -> None:
        """A dead letter whose key a newer job has is refused with words, and neither of them changes."""
        job = await dead(bench, key="one")
        newer = await bench.order(SHOWN, key="one")
        with pytest.raises(NotRetriable, match="newer task"):
            await retried(bench, job)
        assert [await bench.state(one) for one in (job, newer)] == ["failed", "queued"]

    async def test_many_dead_letters_at_once(self, bench: Bench) -> None:
        """In bulk the oldest of the tenant go, of one kind or all, at most so many; other tenants' stay."""
        first = [await dead(bench) for _ in range(3)]
        other_kind, foreign = await dead(bench, TWICE), await dead(bench, tenant=OTHER)
        assert await self._bulk(bench, name=SHOWN.name, most=2) == 2
        assert [await bench.state(job) for job in first] == ["queued", "queued", "failed"]
        assert await self._bulk(bench, name=None, most=100) == 2
        assert [await bench.state(job) for job in (other_kind, foreign)] == ["queued", "failed"]
        assert await self._bulk(bench, name=None, most=100) == 0

    async def test_keys_do_not_stop_the_others(self, bench: Bench) -> None:
        """In bulk, of dead letters with one key the last runs again, none whose key lives, and all others do."""
        twins = [await dead(bench, key="twin") for _ in range(2)]
        overtaken = await dead(bench, key="lives")
        await bench.order(SHOWN, key="lives")
        free = await dead(bench)
        assert await self._bulk(bench, name=None, most=100) == 2
        states = [await bench.state(job) for job in (*twins, overtaken, free)]
        assert states == ["failed", "queued", "failed", "queued"]

    async def _bulk(self, bench: Bench, *, name: str | None, most: int) -> int:
        async with transaction(bench.database, DEFAULT_TENANT) as session:
            return await retry_failed(session, name=name, most=most)
