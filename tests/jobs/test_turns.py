"""Which jobs go next: turns between lanes, limits of a lane, many relays at once, and what it costs."""

import asyncio
import json
from time import perf_counter
from uuid import uuid4

import pytest

from esteio.jobs.tickets import _TAKE
from tests.jobs.bench import NARROW, OTHER, PLAIN, Bench

pytestmark = pytest.mark.anyio
CROWD = 5_000
WAITING = 100_000


class TestTurns:
    async def test_one_is_not_behind_the_five_thousand_of_another(self, bench: Bench) -> None:
        """With 5 000 jobs of one tenant waiting, another's one that came last is among the first two taken."""
        await bench.orders(PLAIN, CROWD)
        lonely = await bench.order(PLAIN, tenant=OTHER)
        assert lonely in (await bench.tickets.take("io", 8))[:2]

    async def test_carried_jobs_count_for_turns(self, bench: Bench) -> None:
        """A lane that has much on its way lets all others go first, also the newcomers of the next look."""
        await bench.orders(PLAIN, CROWD)
        assert len(await bench.tickets.take("io", 64)) == 64
        lonely = await bench.orders(PLAIN, 3, tenant=OTHER)
        assert set(await bench.tickets.take("io", 3)) == set(lonely)

    async def test_lanes_share_evenly(self, bench: Bench) -> None:
        """Ten lanes that all wait get as many turns each."""
        lanes = [uuid4() for _ in range(10)]
        mine = {job: lane for lane in lanes for job in await bench.orders(PLAIN, 50, lane=lane)}
        taken = await bench.tickets.take("io", 100)
        assert sorted(list(map(mine.__getitem__, taken)).count(lane) for lane in lanes) == [10] * 10

    async def test_many_lanes_are_not_many_shares(self, bench: Bench) -> None:
        """A tenant whose jobs wait in forty lanes gets half of the turns beside one with a single lane."""
        for _ in range(40):
            await bench.orders(PLAIN, 10, lane=uuid4())
        others = await bench.orders(PLAIN, 40, tenant=OTHER)
        assert len(set(await bench.tickets.take("io", 40)) & set(others)) == 20
        assert len(set(await bench.tickets.take("io", 40)) & set(others)) == 20

    async def test_a_kind_is_not_behind_the_lanes_of_another(self, bench: Bench) -> None:
        """A tenant's job that came last is among the first two taken, before forty lanes of another kind."""
        for _ in range(40):
            await bench.orders(NARROW, 10, lane=uuid4())
        assert len(await bench.tickets.take("io", 20)) == 20
        export = await bench.order(PLAIN)
        assert export in (await bench.tickets.take("io", 20))[:2]

    async def test_within_a_lane_the_older_goes_first(self, bench: Bench) -> None:
        """Jobs of one lane are taken in the order in which they were written, each once."""
        written = [await bench.order(PLAIN) for _ in range(30)]
        taken = [job for _ in range(4) for job in await bench.tickets.take("io", 10)]
        assert taken == written

    async def test_a_queue_is_its_own(self, bench: Bench) -> None:
        """What waits for `io` is not taken for `cpu`."""
        await bench.order(PLAIN)
        assert await bench.tickets.take("cpu", 10) == []

    async def test_a_job_taken_back_keeps_its_place(self, bench: Bench) -> None:
        """What a dead worker held, or a stopping one gave back, goes before what came after it in its lane."""
        first = await bench.order(PLAIN)
        await bench.orders(PLAIN, 50)
        assert await bench.tickets.take("io", 1) == [first]
        await bench.tickets.claim([first], "w", 20)
        await bench.lapse()
        await bench.reconciler.once()
        assert await bench.tickets.take("io", 1) == [first]


class TestLaneLimit:
    async def test_no_more_of_a_lane_are_carried_or_run(self, bench: Bench) -> None:
        """Of a kind with a limit of two, two of each lane are on their way or running; the next follows an end."""
        lanes = [uuid4(), uuid4()]
        for lane in lanes:
            await bench.orders(NARROW, 20, lane=lane)
        taken = await bench.tickets.take("io", 100)
        assert len(taken) == 4
        assert await bench.tickets.take("io", 100) == []
        claimed = await bench.tickets.claim(taken, "w", 20)
        assert await bench.tickets.take("io", 100) == []
        await bench.owner.execute("DELETE FROM job_tickets WHERE job_id = $1", claimed[0].id)
        assert len(await bench.tickets.take("io", 100)) == 1

    async def test_the_limit_holds_where_ids_come_late(self, bench: Bench) -> None:
        """Ids that were given up for lost and arrive after all, together with others, run no more than the limit."""
        lane = uuid4()
        jobs = await bench.orders(NARROW, 6, lane=lane)
        late = await bench.tickets.take("io", 10)
        await bench.owner.execute("UPDATE job_tickets SET published_at = published_at - interval '1 hour'")
        await bench.reconciler.once()
        first = await bench.tickets.claim(jobs, "w", 20)
        assert len(first) == 2
        assert await bench.tickets.claim([*late, *jobs], "other", 20) == []
        await bench.owner.execute("DELETE FROM job_tickets WHERE job_id = $1", first[0].id)
        assert len(await bench.tickets.claim(jobs, "other", 20)) == 1

    async def test_many_relays_together_keep_the_limit(self, bench: Bench) -> None:
        """Eight relays that look at once do not carry more of a lane than its limit."""
        for _ in range(10):
            await bench.orders(NARROW, 20, lane=uuid4())
        found = await asyncio.gather(*(bench.tickets.take("io", 100) for _ in range(8)))
        assert sum(len(one) for one in found) == 20


async def test_many_relays_take_each_once(bench: Bench) -> None:
    """Eight relays that look at the same jobs at once take each of them once, and none is left."""
    written = await bench.orders(PLAIN, 2_000)

    async def relay() -> list[object]:
        mine: list[object] = []
        empty = 0
        while empty < 3:
            some = await bench.tickets.take("io", 64)
            mine += some
            empty = 0 if some else empty + 1
        return mine

    found = [job for one in await asyncio.gather(*(relay() for _ in range(8))) for job in one]
    assert sorted(found, key=str) == sorted(written, key=str)


async def test_a_look_at_a_hundred_thousand_uses_indexes(bench: Bench) -> None:
    """With 100 000 jobs waiting in 200 lanes a look reads no table from end to end."""
    await bench.owner.execute(
        "INSERT INTO job_tickets (job_id, tenant_id, name, queue, lane) "
        "SELECT gen_random_uuid(), $1, 'bench.plain', 'io', lpad((n % 200)::text, 32, '0')::uuid "
        "FROM generate_series(1, $2::int) AS n",
        OTHER,
        WAITING,
    )
    await bench.owner.execute("ANALYZE job_tickets")
    await bench.tickets.take("io", 64)
    start = perf_counter()
    assert len(await bench.tickets.take("io", 64)) == 64
    seconds = perf_counter() - start
    async with bench.database.connection() as connection, connection.transaction():
        explained = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {_TAKE}", "io", 64)
    nodes = list(_nodes(json.loads(explained)[0]["Plan"]))
    scanned = {(node["Node Type"], node.get("Index Name")) for node in nodes if node.get("Relation Name")}
    print(f"take 64 of {WAITING}: {seconds * 1000:.1f} ms; {sorted(map(str, scanned))}")
    assert "Seq Scan" not in {kind for kind, _ in scanned}
    assert "ix_job_tickets_waiting" in {index for _, index in scanned}


def _nodes(plan: dict) -> object:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
