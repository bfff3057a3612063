"""One holder of a job at a time, proved by its fence wherever something is written."""

import asyncio
from uuid import UUID

import pytest

from esteio.base.errors import Unavailable
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.control import retry
from esteio.jobs.errors import LeaseLost
from esteio.jobs.job import Job
from esteio.jobs.run import Run
from esteio.jobs.tickets import CRASHES, Claimed, Ending, Held, Rest
from tests.jobs.bench import PLAIN, SHOWN, TWICE, Bench, Item, Made, write_effect

pytestmark = pytest.mark.anyio


async def claimed(bench: Bench, job: UUID, worker: str = "w") -> Claimed:
    (mine,) = await bench.tickets.claim([job], worker, 20)
    return mine


def run_of(bench: Bench, mine: Claimed) -> Run:
    workshop = bench.workshop
    return Run(workshop.resources, workshop.settings, {}, SHOWN, mine, workshop.tell, workshop.spread)


async def superseded(bench: Bench) -> tuple[UUID, Run, Run]:
    """A job whose first holder was thought dead, and its second holder."""
    job = await bench.order(SHOWN)
    old = await claimed(bench, job, "old")
    await bench.lapse()
    await bench.reconciler.once()
    new = await claimed(bench, job, "new")
    return job, run_of(bench, old), run_of(bench, new)


class TestClaim:
    async def test_many_claims_make_one_holder(self, bench: Bench) -> None:
        """Whatever the broker brings twice is held by one: of twenty claims at once of ten jobs, each job has one."""
        jobs = await bench.orders(PLAIN, 10)
        found = await asyncio.gather(*(bench.tickets.claim(jobs, f"w{n}", 20) for n in range(20)))
        held = [mine.id for one in found for mine in one]
        assert sorted(held, key=str) == sorted(jobs, key=str)

    async def test_a_held_job_is_not_claimed(self, bench: Bench) -> None:
        """Neither while it runs, nor when it has ended, nor what never was."""
        job = await bench.order(PLAIN)
        mine = await claimed(bench, job)
        assert await bench.tickets.claim([job], "other", 20) == []
        await bench.tickets.finish(DEFAULT_TENANT, [Ending(Held(job, mine.fence), "succeeded")])
        assert await bench.tickets.claim([job, UUID(int=1)], "other", 20) == []

    async def test_an_id_that_comes_twice_runs_once(self, bench: Bench) -> None:
        """A runner that is given one id several times, also at once, runs the job once."""
        job = await bench.order(PLAIN)
        runs: list[UUID] = []

        async def do(run: Run, item: Item) -> None:
            runs.append(run.id)
            await asyncio.sleep(0)

        runner = bench.runner(Job(PLAIN, do))
        await asyncio.gather(runner.work([job, job]), runner.work([job]), runner.work([job]))
        await runner.work([job])
        assert runs == [job]
        assert await bench.state(job) == "succeeded"


class TestOldHolder:
    """R4: who was thought dead can change nothing any more, wherever it tries."""

    async def test_it_cannot_renew_finish_or_give_back(self, bench: Bench) -> None:
        """Its lease, its ending and its rest are refused; the successor's are not."""
        job, old, new = await superseded(bench)
        assert await bench.tickets.renew([old.held], 20) == {}
        assert await bench.tickets.finish(DEFAULT_TENANT, [Ending(old.held, "failed")]) == set()
        assert await bench.tickets.give_back([Rest(old.held, "retrying", 0)]) == set()
        assert await bench.state(job) == "running"
        assert await bench.tickets.renew([new.held], 20) == {job: False}
        assert await bench.tickets.finish(DEFAULT_TENANT, [Ending(new.held, "succeeded")]) == {job}

    async def test_its_effects_are_refused_where_they_are_committed(self, bench: Bench) -> None:
        """A transaction and a completion of the old holder raise and leave nothing; those of the new one commit."""
        job, old, new = await superseded(bench)
        with pytest.raises(LeaseLost):
            async with old.transaction() as session:
                await write_effect(session, old, "old")
        with pytest.raises(LeaseLost):
            async with old.completion(Made(n=1)) as session:
                await write_effect(session, old, "old")
        async with new.transaction() as session:
            await write_effect(session, new, "step")
        async with new.completion(Made(n=2)) as session:
            await write_effect(session, new, "end")
        assert [row["note"] for row in await bench.effects(job)] == ["step", "end"]
        assert (await bench.job(job))["result"] == Made(n=2).model_dump_json().replace(":", ": ").replace(",", ", ")
        assert (await bench.facts(job))[-1:] == ["task.succeeded"]

    async def test_it_is_refused_before_it_has_a_successor(self, bench: Bench) -> None:
        """From the moment the job was taken back, not only from the next claim on."""
        job = await bench.order(SHOWN)
        old = run_of(bench, await claimed(bench, job))
        await bench.lapse()
        await bench.reconciler.once()
        with pytest.raises(LeaseLost):
            async with old.completion() as session:
                await write_effect(session, old)
        assert await bench.effects() == []
        assert await bench.state(job) == "queued"

    async def test_it_is_refused_after_its_job_was_retried_by_hand(self, bench: Bench) -> None:
        """A dead letter that runs again has fences that no earlier holder had."""
        job = await bench.order(SHOWN)
        old = run_of(bench, await claimed(bench, job))
        await bench.lapse()
        await bench.reconciler.once()
        second = await claimed(bench, job)
        await bench.tickets.finish(DEFAULT_TENANT, [Ending(Held(job, second.fence), "failed")])
        async with transaction(bench.database, DEFAULT_TENANT) as session:
            await retry(session, job)
        new = run_of(bench, await claimed(bench, job))
        assert new.held.fence > second.fence > old.held.fence
        with pytest.raises(LeaseLost):
            async with old.transaction() as session:
                await write_effect(session, old)
        assert await bench.tickets.finish(DEFAULT_TENANT, [Ending(new.held, "succeeded")]) == {job}

    async def test_of_two_completions_at_once_one_commits(self, bench: Bench) -> None:
        """Two processes that hold the same proof, as a doubled run would, write the effect once."""
        for _ in range(20):
            job = await bench.order(SHOWN)
            run = run_of(bench, await claimed(bench, job))
            twin = run_of(bench, run.claimed)
            found = await asyncio.gather(complete(run), complete(twin))
            assert sorted(found) == [False, True]
            assert len(await bench.effects(job)) == 1

    async def test_a_commit_whose_answer_is_lost_is_the_end(self, bench: Bench) -> None:
        """A completion that was committed stands, though the run that committed it believes that it failed."""
        job = await bench.order(SHOWN)

        async def do(run: Run, item: Item) -> None:
            async with run_of(bench, run.claimed).completion(Made(n=1)) as session:
                await write_effect(session, run)
            raise Unavailable

        runner = bench.runner(Job(SHOWN, do))
        await runner.work([job])
        await runner.work([job])
        assert await bench.state(job) == "succeeded"
        assert len(await bench.effects(job)) == 1
        assert await bench.facts(job) == ["task.succeeded"]

    async def test_taking_back_and_completing_exclude_each_other(self, bench: Bench) -> None:
        """When the lease runs out in the middle of a completion, either the effect is there or the job runs again."""
        outcomes = set()
        for _ in range(30):
            job = await bench.order(SHOWN)
            run = run_of(bench, await claimed(bench, job))
            await bench.lapse()
            done, _ = await asyncio.gather(complete(run), bench.reconciler.once())
            state = await bench.state(job)
            assert (state, len(await bench.effects(job))) == (("succeeded", 1) if done else ("queued", 0))
            outcomes.add(state)
        print(f"completions against reclaims: {outcomes}")

    async def test_a_run_that_lost_its_lease_is_stopped(self, bench: Bench) -> None:
        """The worker that notices ends the run at its next await and writes nothing; the job is its successor's."""
        job = await bench.order(SHOWN)
        started, ended = asyncio.Event(), []

        async def do(run: Run, item: Item) -> Made:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(run.held.fence)
            return Made()

        runner = bench.runner(Job(SHOWN, do))
        working = asyncio.create_task(runner.work([job]))
        await started.wait()
        await bench.lapse()
        await bench.reconciler.once()
        new = await claimed(bench, job, "new")
        await runner.beat()
        await working
        assert ended == [1]
        assert (await bench.ticket(job))["fence"] == new.fence == 2
        assert await bench.state(job) == "running"


async def complete(run: Run) -> bool:
    try:
        async with run.completion() as session:
            await write_effect(session, run)
    except LeaseLost:
        return False
    return True


class TestCrashes:
    async def test_three_lost_workers_make_a_dead_letter(self, bench: Bench) -> None:
        """R3: a job whose workers died three times fails with words instead of looping; its end is told."""
        job = await bench.order(TWICE)
        for crash in range(1, CRASHES + 1):
            assert (await claimed(bench, job)).fence == crash
            await bench.lapse()
            await bench.reconciler.once()
            assert await bench.state(job) == ("queued" if crash < CRASHES else "failed")
        row = await bench.job(job)
        assert '"JOB_WORKER_LOST"' in row["error"]
        assert row["attempts"] == CRASHES
        assert await bench.facts(job) == ["task.failed"]

    async def test_the_last_chance_is_taken_alone(self, bench: Bench) -> None:
        """Of jobs that lost two workers together one at a time runs, so that the guilty one takes no other along."""
        jobs = await bench.orders(PLAIN, 5)
        for _ in range(CRASHES - 1):
            assert len(await bench.tickets.take("io", 10)) == len(jobs)
            assert len(await bench.tickets.claim(jobs, "w", 20)) == len(jobs)
            await bench.lapse()
            await bench.reconciler.once()
        for _ in jobs:
            (last,) = await bench.tickets.take("io", 10)
            (mine,) = await bench.tickets.claim([last], "w", 20)
            assert await bench.tickets.take("io", 10) == []
            await bench.tickets.finish(DEFAULT_TENANT, [Ending(Held(last, mine.fence), "succeeded")])
        assert await bench.count("job_tickets") == 0

    async def test_a_living_lease_is_left_alone(self, bench: Bench) -> None:
        """A round takes back what has run out and nothing else."""
        jobs = await bench.orders(PLAIN, 4)
        await bench.tickets.claim(jobs[:3], "w", 20)
        await bench.lapse(jobs[0])
        await bench.reconciler.once()
        assert [await bench.state(job) for job in jobs] == ["queued", "running", "running", "queued"]

    async def test_ids_that_did_not_arrive_are_sent_again(self, bench: Bench) -> None:
        """What was carried and not claimed in time is taken again; what runs is not."""
        lost, runs, fresh = [await bench.order(PLAIN) for _ in range(3)]
        assert await bench.tickets.take("io", 10) == [lost, runs, fresh]
        await bench.tickets.claim([runs], "w", 20)
        await bench.owner.execute(
            "UPDATE job_tickets SET published_at = published_at - interval '1 hour' WHERE job_id = ANY ($1::uuid[])",
            [lost, runs],
        )
        await bench.reconciler.once()
        assert await bench.tickets.take("io", 10) == [lost]

    async def test_many_reconcilers_count_a_crash_once(self, bench: Bench) -> None:
        """Eight reconcilers at once take each lost job back once: it has cost one worker, not eight."""
        jobs = await bench.orders(PLAIN, 50)
        await bench.tickets.claim(jobs, "w", 20)
        await bench.lapse()
        await asyncio.gather(*(bench.reconciler.once() for _ in range(8)))
        assert {row["crashes"] for row in await bench.owner.fetch("SELECT crashes FROM job_tickets")} == {1}

    async def test_many_reconcilers_end_a_dead_letter_once(self, bench: Bench) -> None:
        """The end of a job that cost too many workers is told once, however many look at it."""
        job = await bench.order(SHOWN)
        await claimed(bench, job)
        await bench.owner.execute("UPDATE job_tickets SET crashes = $1", CRASHES - 1)
        await bench.lapse()
        await asyncio.gather(*(bench.reconciler.once() for _ in range(8)))
        assert await bench.facts(job) == ["task.failed"]


class TestUnreadable:
    async def test_an_unknown_kind_is_given_back_uncounted(self, bench: Bench) -> None:
        """A worker of an older release leaves a newer kind to others: no try is used up, and it rests."""
        job = await bench.order(PLAIN)
        await bench.runner().work([job])
        ticket = await bench.ticket(job)
        assert (ticket["state"], ticket["attempts"], ticket["crashes"]) == ("retrying", 0, 0)
        assert await bench.tickets.take("io", 10) == []

    async def test_an_unreadable_payload_fails_at_once(self, bench: Bench) -> None:
        """A payload that its kind no longer accepts is a dead letter with words, and its function never runs."""
        job = await bench.order(SHOWN)
        await bench.owner.execute("""UPDATE jobs SET payload = '{"n": "many"}'""")
        runs: list[UUID] = []

        async def do(run: Run, item: Item) -> None:
            runs.append(run.id)

        await bench.runner(Job(SHOWN, do)).work([job])
        assert runs == []
        assert await bench.state(job) == "failed"
        assert "cannot be read" in (await bench.job(job))["error"]
