"""A job exists if and only if the transaction that asked for it committed, and once for one key while it lives."""

import asyncio
from uuid import UUID

import pytest

from esteio.base.errors import Invalid, PayloadTooLarge
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.contents import MOST_BYTES
from esteio.jobs.enqueue import Order, enqueue, enqueue_all
from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind, Retry, Schedule
from esteio.jobs.run import Run
from tests.jobs.bench import OTHER, PLAIN, SHOWN, Bench, Item, comes_true

pytestmark = pytest.mark.anyio
WHO = {"tenant": DEFAULT_TENANT, "principal": "user:bench"}


async def do(run: Run, item: Item) -> None:
    pass


class Refused(Exception):
    pass


class TestTransaction:
    async def test_a_rolled_back_transaction_leaves_no_job(self, bench: Bench) -> None:
        """R3: what a transaction asked for before it failed was never asked for."""
        with pytest.raises(Refused):
            async with transaction(bench.database, DEFAULT_TENANT) as session:
                await enqueue(session, PLAIN, Item(), **WHO)
                raise Refused
        assert (await bench.count("jobs"), await bench.count("job_tickets")) == (0, 0)

    async def test_a_job_is_carried_from_the_commit_on(self, bench: Bench) -> None:
        """R3: before the commit nobody can take or claim it, after the commit it is there."""
        async with transaction(bench.database, DEFAULT_TENANT) as session:
            job = await enqueue(session, PLAIN, Item(), **WHO)
            assert await bench.tickets.take("io", 10) == []
            assert await bench.tickets.claim([job], "early", 20) == []
        assert await bench.tickets.take("io", 10) == [job]

    async def test_a_job_keeps_what_was_asked(self, bench: Bench) -> None:
        """Payload, kind, tenant and who asked arrive at the worker as they were written."""
        job = await bench.order(SHOWN, 7, tenant=OTHER)
        (claimed,) = await bench.tickets.claim([job], "w", 20)
        assert (claimed.id, claimed.tenant, claimed.name, claimed.principal) == (job, OTHER, SHOWN.name, "user:bench")
        assert Item.model_validate_json(claimed.payload) == Item(n=7)

    async def test_a_delayed_job_rests_first(self, bench: Bench) -> None:
        """Before its time a job is neither taken nor claimed."""
        job = await bench.order(PLAIN, delay=3600)
        assert await bench.tickets.take("io", 10) == []
        assert await bench.tickets.claim([job], "w", 20) == []
        await bench.rested(job)
        assert await bench.tickets.take("io", 10) == [job]


class TestKey:
    async def test_concurrent_orders_of_one_key_make_one_job(self, bench: Bench) -> None:
        """Thirty transactions that ask for one key at once all get the id of one job."""
        found = await asyncio.gather(*(bench.order(PLAIN, n, key="one") for n in range(30)))
        assert len(set(found)) == 1
        assert (await bench.count("jobs"), await bench.count("job_tickets")) == (1, 1)

    async def test_a_key_is_free_again_when_its_asker_rolled_back(self, bench: Bench) -> None:
        """Who waits for another's key gets a job of its own when that other never commits."""
        written, leave = asyncio.Event(), asyncio.Event()

        async def asks_in_vain() -> None:
            async with transaction(bench.database, DEFAULT_TENANT) as session:
                await enqueue(session, PLAIN, Item(n=1), key="one", **WHO)
                written.set()
                await leave.wait()
                raise Refused

        first = asyncio.create_task(asks_in_vain())
        await written.wait()
        second = asyncio.create_task(bench.order(PLAIN, 2, key="one"))
        await self._blocked(bench)
        leave.set()
        job = await second
        with pytest.raises(Refused):
            await first
        assert Item.model_validate_json((await bench.job(job))["payload"]).n == 2
        assert await bench.count("jobs") == 1

    async def test_a_key_belongs_to_a_kind_and_a_tenant(self, bench: Bench) -> None:
        """The same key of another kind or tenant is another job; no key is no key."""
        found = [
            await bench.order(PLAIN, key="one"),
            await bench.order(SHOWN, key="one"),
            await bench.order(PLAIN, key="one", tenant=OTHER),
            await bench.order(PLAIN),
            await bench.order(PLAIN),
        ]
        assert len(set(found)) == len(found)

    async def test_a_key_is_free_when_its_job_has_ended(self, bench: Bench) -> None:
        """While the job waits or runs its key gives it; once it has ended the key gives a new one."""
        job = await bench.order(PLAIN, key="one")
        runner = bench.runner(Job(PLAIN, do))
        (claimed,) = await bench.tickets.claim([job], "w", 20)
        assert await bench.order(PLAIN, key="one") == claimed.id
        await bench.lapse()
        await bench.reconciler.once()
        await runner.work([job])
        assert await bench.state(job) == "succeeded"
        assert await bench.order(PLAIN, key="one") != job

    async def test_many_orders_answer_in_their_order(self, bench: Bench) -> None:
        """The ids come in the order of what was asked, also where keys repeat or live already."""
        living = await bench.order(PLAIN, key="b")
        orders = [Order(Item(n=0), "a"), Order(Item(n=1)), Order(Item(n=2), "b"), Order(Item(n=3), "a")]
        async with transaction(bench.database, DEFAULT_TENANT) as session:
            found = await enqueue_all(session, PLAIN, orders, **WHO)
        assert found[2] == living
        assert found[0] == found[3]
        assert [await self._n(bench, job) for job in found[:2]] == [0, 1]
        assert await bench.count("jobs") == 3

    async def _n(self, bench: Bench, job: UUID) -> int:
        return Item.model_validate_json((await bench.job(job))["payload"]).n

    async def _blocked(self, bench: Bench) -> None:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        await comes_true(lambda: bench.owner.fetchval(waiting))


class TestBounds:
    async def test_an_order_that_cannot_be_kept_is_refused_early(self, bench: Bench) -> None:
        """Too large or with U+0000: clear words for the caller, and nothing is written, not even the others."""
        for words, refusal in (("x" * MOST_BYTES, PayloadTooLarge), ("a\0b", Invalid)):
            async with transaction(bench.database, DEFAULT_TENANT) as session:
                with pytest.raises(refusal, match="The job's order"):
                    await enqueue_all(session, PLAIN, [Order(Item()), Order(Item(words=words))], **WHO)
        assert await bench.count("jobs") == 0

    async def test_what_is_just_within_the_bounds_is_kept(self, bench: Bench) -> None:
        """A payload close to the bound arrives whole, and text that only looks like an escape does too."""
        for words in ("x" * (MOST_BYTES - 100), r"a\u0000b", "\\" * 3 + "u0000", "ünïcode \N{SMILE}"):
            async with transaction(bench.database, DEFAULT_TENANT) as session:
                job = await enqueue(session, PLAIN, Item(words=words), **WHO)
            (claimed,) = await bench.tickets.claim([job], "w", 20)
            assert Item.model_validate_json(claimed.payload).words == words

    async def test_a_key_that_is_too_long_is_refused(self, bench: Bench) -> None:
        """A key has at most 200 characters."""
        async with transaction(bench.database, DEFAULT_TENANT) as session:
            with pytest.raises(ValueError, match="200"):
                await enqueue(session, PLAIN, Item(), key="k" * 201, **WHO)

    async def test_a_kind_that_could_never_run_is_refused(self) -> None:
        """A wrong declaration fails where it is declared: queue, name, limits, cron, time zone."""
        for wrong in ({"queue": "disk"}, {"name": "n" * 101}, {"time_limit": 0}, {"lane_limit": 0}):
            with pytest.raises(ValueError):
                JobKind(**{"name": "bench.wrong", "payload": Item, **wrong})
        for wrong in ({"cron": "every day"}, {"cron": "61 * * * *"}, {"zone": "Europe/Atlantis"}):
            with pytest.raises(Exception):  # noqa: B017 - each library has its own
                Schedule(**{"kind": PLAIN, "cron": "* * * * *", "payload": Item(), **wrong})

    async def test_rests_grow_to_their_longest(self) -> None:
        """Rests double up to the longest with a tenth to either side, however often a job was tried."""
        retry = Retry(tries=5_000, first=2, longest=600)
        for tried, whole in ((1, 2), (2, 4), (5, 32), (10, 600), (4_999, 600)):
            rest = retry.rest(tried)
            assert rest is not None and whole * 0.9 <= rest <= whole * 1.1
        assert retry.rest(5_000) is None
        listed = Retry(rests=(0, 5, 300))
        assert listed.most == 4 and listed.rest(1) == 0 and listed.rest(4) is None
