"""How runs end: with a result, with a refusal, with another try, or as a dead letter; and what is shown of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from esteio.base.errors import Forbidden, Internal, Unavailable
from esteio.db.batches import batch
from esteio.jobs.contents import MOST_BYTES
from esteio.jobs.errors import Later, Permanent
from esteio.jobs.job import Job
from esteio.jobs.kinds import NEVER, JobKind
from esteio.jobs.run import Run
from tests.jobs.bench import PLAIN, SHOWN, TWICE, Bench, Item, Made, comes_true, write_effect

pytestmark = pytest.mark.anyio
SECRET = "password=hunter2 at /srv/house"
Work = Callable[[Run, Item], Awaitable[Any]]


def raising(error: BaseException) -> Work:
    async def do(run: Run, item: Item) -> None:
        raise error

    return do


async def tried(bench: Bench, job: UUID, kind: JobKind[Item], do: Work) -> str:
    """One run, whatever its rest; where the job stands then."""
    await bench.rested(job)
    await bench.runner(Job(kind, do)).work([job])
    return await bench.state(job)


async def error_of(bench: Bench, job: UUID) -> dict[str, str]:
    found: dict[str, str] = json.loads((await bench.job(job))["error"])
    return found


class TestSuccess:
    @pytest.mark.parametrize("kind", [PLAIN, SHOWN], ids=["hidden", "visible"])
    async def test_a_result_is_kept(self, bench: Bench, kind: JobKind[Item]) -> None:
        """What the function returns is the job's result; times and tries are written with it."""
        job = await bench.order(kind, 3)

        async def do(run: Run, item: Item) -> Made:
            return Made(n=item.n * 2, words="größer")

        assert await tried(bench, job, kind, do) == "succeeded"
        row = await bench.job(job)
        assert json.loads(row["result"]) == {"n": 6, "words": "größer"}
        assert (row["attempts"], row["error"]) == (1, None)
        assert row["created_at"] <= row["started_at"] <= row["finished_at"]
        assert await bench.facts(job) == (["task.succeeded"] if kind.visible else [])

    async def test_a_completion_is_the_end(self, bench: Bench) -> None:
        """Effects and result of a completion are one commit; what the function returns after it changes nothing."""
        job = await bench.order(SHOWN)

        async def do(run: Run, item: Item) -> Made:
            async with run.completion(Made(n=1)) as session:
                await write_effect(session, run)
            return Made(n=2)

        assert await tried(bench, job, SHOWN, do) == "succeeded"
        assert json.loads((await bench.job(job))["result"])["n"] == 1
        assert len(await bench.effects(job)) == 1

    async def test_an_error_after_the_completion_undoes_nothing(self, bench: Bench) -> None:
        """The job has succeeded with the commit, whatever its function trips over then; it does not run again."""
        job = await bench.order(SHOWN)

        async def do(run: Run, item: Item) -> None:
            async with run.completion(Made(n=1)) as session:
                await write_effect(session, run)
            raise ValueError("after the end")

        assert await tried(bench, job, SHOWN, do) == "succeeded"
        assert await bench.facts(job) == ["task.succeeded"]

    async def test_an_error_in_the_completion_leaves_no_effect(self, bench: Bench) -> None:
        """What a completion wrote before it failed is rolled back with it, and the job is tried again."""
        job = await bench.order(SHOWN)

        async def do(run: Run, item: Item) -> None:
            async with run.completion(Made(n=1)) as session:
                await write_effect(session, run)
                raise ValueError("in the middle")

        assert await tried(bench, job, SHOWN, do) == "retrying"
        assert await bench.effects() == []

    @pytest.mark.parametrize("ends", ["returned", "completed"])
    @pytest.mark.parametrize(
        ("words", "code"), [("a\0b", "VALIDATION_ERROR"), ("x" * MOST_BYTES, "PAYLOAD_TOO_LARGE")], ids=["nul", "large"]
    )
    async def test_a_result_that_cannot_be_kept_is_a_failure(
        self, bench: Bench, words: str, code: str, ends: str
    ) -> None:
        """A result that is too large or not for a database fails the job with words, and harms no other's ending."""
        job, *others = [await bench.order(PLAIN, n) for n in range(4)]

        async def do(run: Run, item: Item) -> Made:
            made = Made(words=words) if item.n == 0 else Made(n=item.n)
            if ends == "completed":
                async with run.completion(made) as session:
                    await write_effect(session, run)
            return made

        await bench.runner(Job(PLAIN, do)).work([job, *others])
        assert await bench.state(job) == "failed"
        assert (await error_of(bench, job))["code"] == code
        assert await bench.effects(job) == []
        assert {await bench.state(other) for other in others} == {"succeeded"}


class TestFailure:
    async def test_a_refusal_fails_at_once(self, bench: Bench) -> None:
        """`Permanent` and any error of the 400s end the job with the words that were meant for its asker."""
        for error in (Permanent("The file has no header."), Forbidden("Not yours.", operator=SECRET)):
            job = await bench.order(SHOWN)
            assert await tried(bench, job, SHOWN, raising(error)) == "failed"
            assert await error_of(bench, job) == {"code": error.code, "title": error.title, "detail": error.detail}
            assert await bench.facts(job) == ["task.failed"]

    @pytest.mark.parametrize(
        "error",
        [ValueError(SECRET), Unavailable(operator=SECRET), Internal(operator=SECRET), asyncio.CancelledError(SECRET)],
        ids=["exception", "unavailable", "internal", "cancelled-within"],
    )
    async def test_a_failure_is_tried_again_then_a_dead_letter(self, bench: Bench, error: BaseException) -> None:
        """R3, R13: it rests, runs again, and after the last try is a dead letter; no words of the house are shown."""
        job = await bench.order(TWICE)
        assert await tried(bench, job, TWICE, raising(error)) == "retrying"
        ticket = await bench.ticket(job)
        rest = await bench.owner.fetchval("SELECT extract(epoch FROM $1 - now())", ticket["due_at"])
        assert 0 < rest <= 2.2
        assert await bench.tickets.take("io", 1) == []
        assert SECRET not in (await bench.job(job))["error"]
        assert await tried(bench, job, TWICE, raising(error)) == "failed"
        row = await bench.job(job)
        assert (SECRET in row["error"], row["attempts"]) == (False, 2)
        assert await bench.facts(job) == ["task.retrying", "task.failed"]
        shown = await bench.owner.fetch("SELECT data::text FROM outbox")
        assert not any("hunter2" in row["data"] for row in shown)

    async def test_success_after_a_failure_forgets_it(self, bench: Bench) -> None:
        """The error of an earlier try is shown while the job rests, and not any more when it has succeeded."""
        for kind in (PLAIN, SHOWN):
            job = await bench.order(kind)
            assert await tried(bench, job, kind, raising(ValueError())) == "retrying"
            assert (await error_of(bench, job))["code"] == "INTERNAL_ERROR"

            async def do(run: Run, item: Item) -> Made:
                return Made(n=run.attempt)

            assert await tried(bench, job, kind, do) == "succeeded"
            row = await bench.job(job)
            assert (json.loads(row["result"])["n"], row["error"], row["attempts"]) == (2, None, 2)

    async def test_later_says_when(self, bench: Bench) -> None:
        """`Later` rests for as long as it says, with its own words; it counts as a try."""
        job = await bench.order(TWICE)
        later = raising(Later(900, Unavailable("The receiver asks for patience.")))
        assert await tried(bench, job, TWICE, later) == "retrying"
        rest = await bench.owner.fetchval("SELECT extract(epoch FROM due_at - now()) FROM job_tickets")
        assert 800 < rest <= 900
        assert (await error_of(bench, job))["detail"] == "The receiver asks for patience."
        assert await tried(bench, job, TWICE, later) == "failed"

    async def test_a_run_past_its_time_is_stopped(self, bench: Bench) -> None:
        """Past the time limit of its kind a run is a failure with words, and what it had open is cleaned up."""
        brief = JobKind(name="bench.brief", payload=Item, time_limit=0.05, retry=NEVER)
        job = await bench.order(brief)
        cleaned: list[bool] = []

        async def do(run: Run, item: Item) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cleaned.append(True)

        assert await tried(bench, job, brief, do) == "failed"
        assert (await error_of(bench, job))["code"] == "JOB_TIMED_OUT"
        assert cleaned == [True]

    async def test_a_time_out_of_the_jobs_own_is_an_ordinary_failure(self, bench: Bench) -> None:
        """A `TimeoutError` from inside the function is not the job's time limit."""
        job = await bench.order(TWICE)
        assert await tried(bench, job, TWICE, raising(TimeoutError())) == "retrying"
        assert (await error_of(bench, job))["code"] == "INTERNAL_ERROR"

    @pytest.mark.parametrize(("asked", "outcome"), [({}, "retrying"), ({"budget": 30.0}, "succeeded")])
    async def test_its_transactions_last_as_the_settings_say(
        self, bench: Bench, asked: dict[str, float], outcome: str
    ) -> None:
        """A transaction of a job is over within the settings' time for one, unless it asks for more itself."""
        usual = bench.database.settings

        async def do(run: Run, item: Item) -> None:
            bench.database.settings = usual.model_copy(update={"transaction_timeout": 0.3})
            try:
                async with run.transaction(**asked) as session:
                    await session.execute(text("SELECT pg_sleep(0.6)"))
            finally:
                bench.database.settings = usual

        assert await tried(bench, await bench.order(TWICE), TWICE, do) == outcome

    async def test_words_that_cannot_be_kept_still_end_the_job(self, bench: Bench) -> None:
        """A refusal whose detail has U+0000, half a surrogate or a megabyte fails the job all the same."""
        job = await bench.order(SHOWN)
        assert await tried(bench, job, SHOWN, raising(Permanent("a\0b\ud800" + "c" * 1_000_000))) == "failed"
        assert (await error_of(bench, job))["detail"].startswith("ab?ccc")
        assert len((await error_of(bench, job))["detail"]) <= 2_000

    async def test_a_failing_job_harms_no_other(self, bench: Bench) -> None:
        """Of jobs that run together each has its own end."""
        jobs = [await bench.order(TWICE, n) for n in range(20)]

        async def do(run: Run, item: Item) -> Made:
            if item.n % 2:
                raise ValueError(SECRET)
            return Made(n=item.n)

        await bench.runner(Job(TWICE, do)).work(jobs)
        assert [await bench.state(job) for job in jobs] == ["succeeded", "retrying"] * 10


class TestProgress:
    async def test_progress_is_written_while_it_runs(self, bench: Bench) -> None:
        """What a run says of how far it is can be read while it still runs, and stays with the job."""
        job = await bench.order(SHOWN)
        go_on = asyncio.Event()

        async def do(run: Run, item: Item) -> None:
            run.progress(10, 40, "first\0 quarter\ud800")
            await go_on.wait()
            run.progress(40)

        runner = bench.runner(Job(SHOWN, do))
        await runner.open()
        working = asyncio.create_task(runner.work([job]))
        await comes_true(lambda: self._shown(bench, job))
        row = await bench.job(job)
        assert (row["done"], row["total"], row["message"], row["outcome"]) == (10, 40, "first quarter?", None)
        go_on.set()
        await working
        await runner.close()
        row = await bench.job(job)
        assert (row["done"], row["total"], row["outcome"]) == (40, 40, "succeeded")
        assert await bench.facts(job) == ["task.running", "task.succeeded"]

    async def test_progress_of_an_old_holder_is_not_shown(self, bench: Bench) -> None:
        """How far a run is counts only while it holds the job."""
        job = await bench.order(SHOWN)
        runner = bench.runner(Job(SHOWN, raising(ValueError())))
        (mine,) = await bench.tickets.claim([job], "old", 20)
        run = Run(bench.workshop.resources, None, {}, SHOWN, mine, bench.workshop.tell, bench.workshop.spread)
        await bench.lapse()
        await bench.reconciler.once()
        run.progress(99, 100)
        await runner._endings.show_progress([run])
        assert (await bench.job(job))["done"] is None
        assert await bench.facts(job) == []

    async def test_progress_that_cannot_be_written_stops_nothing(self, bench: Bench) -> None:
        """A number beyond all counting is not shown; that of the next run is."""
        jobs = [await bench.order(SHOWN, n) for n in range(2)]
        go_on = asyncio.Event()

        async def do(run: Run, item: Item) -> None:
            run.progress(2**70 if item.n == 0 else 5)
            await go_on.wait()
            run.progress(6)

        runner = bench.runner(Job(SHOWN, do))
        await runner.open()
        working = asyncio.create_task(runner.work(jobs))
        await comes_true(lambda: self._shown(bench, jobs[1]))
        go_on.set()
        await working
        await runner.close()
        assert [(await bench.job(job))["done"] for job in jobs] == [6, 6]

    async def _shown(self, bench: Bench, job: UUID) -> bool:
        return (await bench.job(job))["done"] is not None


class TestWorker:
    _asking = asyncio.Lock()

    async def test_leases_live_while_jobs_use_every_connection(self, bench: Bench) -> None:
        """Jobs that hold all connections of the process to the database do not cost it its leases."""
        most = bench.workshop.settings.database.pool_max
        jobs = await bench.orders(PLAIN, most)
        holding: list[Any] = []
        go_on = asyncio.Event()

        async def do(run: Run, item: Item) -> Made:
            async with batch(run.database, run.tenant, budget=60):
                holding.append(await self._lease(bench))
                await go_on.wait()
            return Made()

        runner = bench.runner(Job(PLAIN, do))
        await runner.open()
        working = asyncio.create_task(runner.work(jobs))

        async def renewed() -> bool:
            return len(holding) == most and await self._lease(bench) > holding[-1]

        try:
            await comes_true(renewed, within=12)  # PostgreSQL itself ends a transaction that is idle for 15
        finally:
            go_on.set()
            await working
            await runner.close()
        assert {await bench.state(job) for job in jobs} == {"succeeded"}

    async def _lease(self, bench: Bench) -> Any:
        async with self._asking:
            return await bench.owner.fetchval("SELECT min(lease_until) FROM job_tickets")

    async def test_a_closing_worker_hands_back(self, bench: Bench) -> None:
        """R7: what still runs is stopped, is nobody's at once, has used up no try, and runs to its end elsewhere."""
        jobs = await bench.orders(SHOWN, 5)
        started = asyncio.Semaphore(0)
        leaving = True

        async def do(run: Run, item: Item) -> Made:
            started.release()
            if leaving:
                await asyncio.Event().wait()
            return Made(n=run.attempt)

        runner = bench.runner(Job(SHOWN, do))
        await runner.open()
        working = asyncio.create_task(runner.work(jobs))
        for _ in jobs:
            await started.acquire()
        await runner.close()
        await working
        assert {await bench.state(job) for job in jobs} == {"queued"}
        assert await bench.count("job_workers") == 0
        await runner.work(jobs)
        assert {await bench.state(job) for job in jobs} == {"queued"}, "a worker that ends claims nothing more"
        leaving = False
        await bench.runner(Job(SHOWN, do), worker="next").work(await bench.tickets.take("io", 10))
        assert {(await bench.job(job))["result"] for job in jobs} == {'{"n": 1, "words": ""}'}
