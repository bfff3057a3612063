"""What is due by the clock is enqueued once, however many schedulers run and however their clocks jump."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from esteio.base.clock import TurnableClock
from esteio.embedded.engines import Engines
from esteio.jobs.job import Job
from esteio.jobs.kinds import Schedule
from esteio.jobs.run import Run
from esteio.jobs.schedules import Scheduler
from tests.jobs.bench import PLAIN, SHOWN, Bench, Item, opened_workshop

pytestmark = pytest.mark.anyio

NIGHTLY = Schedule(kind=PLAIN, cron="30 2 * * *", payload=Item(), zone="Europe/Berlin", name="nightly")
QUARTERS = Schedule(kind=PLAIN, cron="*/15 * * * *", payload=Item(n=15), name="quarters")
START = datetime(2026, 6, 1, 12, 7, tzinfo=UTC)


async def do(run: Run, item: Item) -> None:
    pass


class Fleet:
    """Schedulers with clocks of their own; what they enqueue is run and counted."""

    def __init__(self, bench: Bench, clocks: Sequence[TurnableClock], schedulers: Sequence[Scheduler]) -> None:
        self.bench = bench
        self.clocks = clocks
        self.schedulers = schedulers

    async def look(self) -> int:
        """All look at once; how many jobs there were of it, which have then ended."""
        await asyncio.gather(*(scheduler.once() for scheduler in self.schedulers))
        jobs = [row["job_id"] for row in await self.bench.owner.fetch("SELECT job_id FROM job_tickets")]
        await self.bench.runner(Job(PLAIN, do), Job(SHOWN, do)).work(jobs)
        assert await self.bench.count("job_tickets") == 0
        return len(jobs)

    def set(self, *times: datetime) -> None:
        """Put the clocks where they may never have been, as a corrected machine's clock is."""
        for clock, time in zip(self.clocks, times * len(self.clocks), strict=False):
            clock._now = time

    async def walk(self, until: datetime, step: timedelta) -> list[datetime]:
        """Look at every step; when something was fired, once for each job."""
        fired: list[datetime] = []
        while (now := self.clocks[0].now()) < until:
            self.set(now + step)
            fired += [now + step] * await self.look()
        return fired


@asynccontextmanager
async def fleet(
    bench: Bench, engines: Engines, url: str, *schedules: Schedule, start: datetime
) -> AsyncIterator[Fleet]:
    """Two schedulers on connections of their own, which have looked once."""
    async with AsyncExitStack() as stack:
        clocks = [TurnableClock(start) for _ in range(2)]
        workshops = [
            await stack.enter_async_context(opened_workshop(url, engines.redis_url, clock)) for clock in clocks
        ]
        schedulers = [
            Scheduler(workshop.resources.database, clock, schedules)
            for workshop, clock in zip(workshops, clocks, strict=True)
        ]
        running = Fleet(bench, clocks, schedulers)
        assert await running.look() == 0, "what was never seen starts with its next time"
        yield running


class TestTwoSchedulers:
    async def test_each_due_run_fires_once(self, bench: Bench, engines: Engines, database_url: str) -> None:
        """Over three hours of looks by two schedulers at once, each quarter of an hour fires exactly once."""
        async with fleet(bench, engines, database_url, QUARTERS, start=START) as running:
            fired = await running.walk(START + timedelta(hours=3), timedelta(minutes=1))
        assert fired == [START.replace(minute=15) + timedelta(minutes=15 * number) for number in range(12)]

    async def test_a_schedule_fires_at_its_very_time(self, bench: Bench, engines: Engines, database_url: str) -> None:
        """A look at the exact instant fires; one a microsecond before does not."""
        due = START.replace(minute=15)
        async with fleet(bench, engines, database_url, QUARTERS, start=START) as running:
            running.set(due - timedelta(microseconds=1))
            assert await running.look() == 0
            running.set(due)
            assert await running.look() == 1

    async def test_a_jump_forward_is_made_up_by_one_run(
        self, bench: Bench, engines: Engines, database_url: str
    ) -> None:
        """However much was missed, one run makes up for it; then the next time counts."""
        async with fleet(bench, engines, database_url, QUARTERS, start=START) as running:
            running.set(START + timedelta(days=40))
            assert await running.look() == 1
            assert await running.look() == 0
            running.set(START + timedelta(days=40, minutes=15))
            assert await running.look() == 1

    async def test_a_jump_backward_fires_nothing_twice(self, bench: Bench, engines: Engines, database_url: str) -> None:
        """A clock that goes back lives through times again that have fired; only what comes after them fires."""
        async with fleet(bench, engines, database_url, QUARTERS, start=START) as running:
            assert len(await running.walk(START + timedelta(hours=2), timedelta(minutes=5))) == 8
            running.set(START)
            assert await running.walk(START + timedelta(hours=2), timedelta(minutes=5)) == []
            assert len(await running.walk(START + timedelta(hours=3), timedelta(minutes=5))) == 4

    async def test_clocks_that_differ_fire_once(self, bench: Bench, engines: Engines, database_url: str) -> None:
        """Two schedulers whose clocks are minutes apart fire each due run once, by the faster one."""
        async with fleet(bench, engines, database_url, QUARTERS, start=START) as running:
            fired = 0
            for minute in range(120):
                now = START + timedelta(minutes=minute)
                running.set(now, now - timedelta(minutes=7))
                fired += await running.look()
        assert fired == 8

    async def test_a_restart_fires_nothing_again(self, bench: Bench, engines: Engines, database_url: str) -> None:
        """What was fired is remembered by the database; what became due while none ran fires at the next start."""
        async with fleet(bench, engines, database_url, QUARTERS, start=START) as running:
            running.set(START.replace(minute=16))
            assert await running.look() == 1
        async with fleet(bench, engines, database_url, QUARTERS, start=START.replace(minute=17)) as running:
            running.set(START.replace(minute=29))
            assert await running.look() == 0
        with pytest.raises(AssertionError, match="never seen"):
            async with fleet(bench, engines, database_url, QUARTERS, start=START.replace(minute=31)):
                pass

    async def test_one_that_still_runs_is_not_doubled(self, bench: Bench, engines: Engines, database_url: str) -> None:
        """While the run before lives, a due time adds none; when it has ended, the next one does."""
        async with fleet(bench, engines, database_url, QUARTERS, start=START) as running:
            for minutes in (15, 30, 45):
                running.set(START + timedelta(minutes=minutes))
                await asyncio.gather(*(scheduler.once() for scheduler in running.schedulers))
                assert await bench.count("job_tickets") == 1
            assert await running.look() == 1
            running.set(START + timedelta(minutes=60))
            assert await running.look() == 1

    async def test_moving_and_enqueuing_are_one_commit(self, bench: Bench, engines: Engines, database_url: str) -> None:
        """A scheduler that cannot enqueue has not moved the time either: another one fires what it could not."""

        class Broken(Item):
            def model_dump_json(self, **_: object) -> str:
                raise RuntimeError("the scheduler dies here")

        broken = Schedule(kind=PLAIN, cron=QUARTERS.cron, payload=Broken(), name=QUARTERS.name)
        async with fleet(bench, engines, database_url, QUARTERS, start=START) as running:
            running.set(START + timedelta(minutes=15))
            await Scheduler(bench.database, running.clocks[0], [broken]).once()
            assert await bench.count("jobs") == 0
            assert await running.look() == 1

    async def test_one_that_cannot_be_fired_holds_up_no_other(
        self, bench: Bench, engines: Engines, database_url: str
    ) -> None:
        """The schedules behind one that fails are looked at all the same."""

        class Broken(Item):
            def model_dump_json(self, **_: object) -> str:
                raise RuntimeError

        broken = Schedule(kind=PLAIN, cron="* * * * *", payload=Broken(), name="broken")
        async with fleet(bench, engines, database_url, broken, QUARTERS, start=START) as running:
            running.set(START + timedelta(minutes=15))
            assert await running.look() == 1


class TestTimeZones:
    @pytest.mark.parametrize(
        ("zone", "cron", "first", "expected"),
        [
            # 02:30 does not exist on the first night: it fires when the clock has jumped to 03:00.
            ("Europe/Berlin", "30 2 * * *", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
            # 02:30 comes twice on the first night: the first one counts.
            ("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
            # Midnight itself did not exist in São Paulo's last spring with summer time.
            ("America/Sao_Paulo", "0 0 * * *", "2018-11-03T12:00", ["2018-11-04T03:00", "2018-11-05T02:00"]),
            # 23:30 came twice when it ended for good.
            ("America/Sao_Paulo", "30 23 * * *", "2019-02-16T12:00", ["2019-02-17T01:30", "2019-02-18T02:30"]),
            ("America/Sao_Paulo", "30 6 1 * *", "2026-06-30T12:00", ["2026-07-01T09:30"]),
        ],
        ids=["spring", "autumn", "midnight-is-missing", "twice-before-midnight", "monthly"],
    )
    async def test_summer_time_fires_once_a_day(
        self, bench: Bench, engines: Engines, database_url: str, zone: str, cron: str, first: str, expected: list[str]
    ) -> None:
        """Where the local clock jumps, a daily schedule still fires once a day, at the time that exists."""
        schedule = Schedule(kind=PLAIN, cron=cron, payload=Item(), zone=zone, name="daily")
        start = datetime.fromisoformat(first).replace(tzinfo=UTC)
        async with fleet(bench, engines, database_url, schedule, start=start) as running:
            fired = await running.walk(start + timedelta(hours=44), timedelta(minutes=15))
        assert [time.isoformat()[:16] for time in fired] == expected

    @pytest.mark.parametrize("start", ["2026-03-28T23:05", "2026-10-24T23:05"], ids=["spring", "autumn"])
    async def test_each_quarter_fires_once_through_a_jump(
        self, bench: Bench, engines: Engines, database_url: str, start: str
    ) -> None:
        """A schedule by the quarter of an hour fires by elapsed time, however the local clock jumps."""
        schedule = Schedule(kind=PLAIN, cron="*/15 * * * *", payload=Item(), zone="Europe/Berlin", name="q")
        begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
        async with fleet(bench, engines, database_url, schedule, start=begin) as running:
            fired = await running.walk(begin + timedelta(hours=4), timedelta(minutes=5))
        assert fired == [begin + timedelta(minutes=10 + 15 * number) for number in range(16)]


async def test_a_scheduled_job_runs_as_the_platform(bench: Bench, engines: Engines, database_url: str) -> None:
    """What is fired is a job like any other: written down with its payload, and named for its schedule."""
    async with fleet(bench, engines, database_url, NIGHTLY, start=START) as running:
        running.set(START + timedelta(days=1))
        await running.schedulers[0].once()
    row = await bench.owner.fetchrow("SELECT name, principal, unique_key, payload FROM jobs")
    assert (row["name"], row["principal"], row["unique_key"]) == (PLAIN.name, "scheduler", "schedule:nightly")
