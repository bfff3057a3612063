"""Minutes become hours and days: nothing is counted twice, nothing is lost, and what is too old goes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from esteio.base.clock import TurnableClock
from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.batches import batch
from esteio.db.transaction import transaction
from esteio.embedded.engines import Engines
from esteio.jobs.enqueue import enqueue
from esteio.traffic import rolling
from esteio.traffic.minutes import MINUTE
from esteio.traffic.periods import Period, window
from esteio.traffic.queries import Scope, Sum, sums
from esteio.traffic.rolling import ROLL, ROLL_JOB, RollOrder
from esteio.traffic.tally import Tally
from esteio.traffic.usage import usage
from esteio.traffic.writing import Writer
from tests.jobs.bench import OTHER, Bench, opened_bench
from tests.traffic.counting import ROUTE, count

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
TABLES = ("traffic_minutes", "traffic_hours", "traffic_days", "traffic_processes")
CALLERS = ("caller_minutes", "caller_hours", "caller_days")
SAMPLE = """
INSERT INTO traffic_processes (writer, at, kind, name, cpu_seconds, memory_bytes, loop_lag, connections,
    most_connections, lost) VALUES (gen_random_uuid(), $1, 'api', 'x', 1, 1, 0, 0, 0, $2)
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def database_url(new_database: Any) -> str:
    url: str = new_database()
    return url


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOON)


@pytest.fixture
async def bench(database_url: str, engines: Engines, clock: TurnableClock) -> AsyncIterator[Bench]:
    """A bench whose tables of traffic are empty."""
    async with opened_bench(database_url, engines.redis_url, clock) as opened:
        await opened.owner.execute(f"TRUNCATE {', '.join((*TABLES, *CALLERS, 'traffic_backlog'))}")
        yield opened


async def counted(bench: Bench, clock: TurnableClock, minutes: int, **what: Any) -> None:
    """Two processes answer two requests each in every minute; then the clock shows the minute after."""
    pairs = [(tally, Writer(bench.database, tally, new_id())) for tally in (Tally(clock), Tally(clock))]
    for _ in range(minutes):
        for tally, writer in pairs:
            count(tally, 2, **what)
            assert await writer.write()
        clock.turn(MINUTE)


async def rolled(bench: Bench) -> int:
    """Let the house's own job run; how many rows of minutes it moved."""
    before = await bench.count("traffic_minutes")
    async with transaction(bench.database, DEFAULT_TENANT) as session:
        job = await enqueue(session, ROLL, RollOrder(), tenant=DEFAULT_TENANT, principal="scheduler")
    await bench.runner(ROLL_JOB).work([job])
    row = await bench.job(job)
    assert row["outcome"] == "succeeded", row["error"]
    return before - await bench.count("traffic_minutes")


async def figures(bench: Bench, clock: TurnableClock, period: Period, tenant: UUID | None = None) -> dict[str, Any]:
    """By route: requests, and the whole histogram."""
    found = await sums(bench.database, Scope(tenant), window(period, clock.now()))
    return {each.route: (each.requests, _cells(each)) for each in found if each.kind == "route"}


def _cells(each: Sum) -> dict[int, int]:
    return dict(zip(each.cells, each.counts, strict=True))


async def test_a_minute_is_counted_once(bench: Bench, clock: TurnableClock) -> None:
    """What a period shows is the same before minutes are added to their hours, after it, and after it again."""
    await counted(bench, clock, 70, seconds=0.01)
    await counted(bench, clock, 70, seconds=0.5, tenant=OTHER)
    before = [await figures(bench, clock, period, OTHER) for period in ("24h", "7d", "30d")]
    assert before[0][ROUTE][0] == 70 * 4 and len(before[0][ROUTE][1]) == 1
    everybody = await figures(bench, clock, "30d")
    assert everybody[ROUTE][0] == 140 * 4 and len(everybody[ROUTE][1]) == 2
    assert await rolled(bench) == (140 - 65) * 2
    assert await rolled(bench) == 0
    assert [await figures(bench, clock, period, OTHER) for period in ("24h", "7d", "30d")] == before
    assert await figures(bench, clock, "30d") == everybody
    clock.turn(40 * MINUTE)
    assert await rolled(bench) == 40 * 2
    assert [await figures(bench, clock, period, OTHER) for period in ("24h", "7d", "30d")] == before


async def test_the_last_hour_stays_by_the_minute(bench: Bench, clock: TurnableClock) -> None:
    """Adding up takes away no minute that the shortest period shows."""
    await counted(bench, clock, 90)
    before = await sums(bench.database, Scope(DEFAULT_TENANT), window("1h", clock.now()))
    assert await rolled(bench) > 0
    assert await sums(bench.database, Scope(DEFAULT_TENANT), window("1h", clock.now())) == before
    assert len([each for each in before if each.kind == "time"]) == 60


async def test_a_run_that_is_killed_has_done_all_of_a_portion_or_nothing(bench: Bench, clock: TurnableClock) -> None:
    """Cut off before its commit, a portion is as if it had never begun; the next run does it."""
    await counted(bench, clock, 3)
    clock.turn(7200)
    before = await figures(bench, clock, "24h")
    with pytest.raises(RuntimeError, match="killed"):
        async with batch(bench.database, DEFAULT_TENANT) as connection:
            assert await connection.fetchval(rolling._ROLL["traffic"], clock.now(), 100) == 6
            raise RuntimeError("killed")
    assert await bench.count("traffic_minutes") == 6 and await bench.count("traffic_hours") == 0
    assert await figures(bench, clock, "24h") == before
    assert await rolled(bench) == 6
    assert await figures(bench, clock, "24h") == before


async def test_a_doubled_run_adds_nothing(bench: Bench, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs at the same time, in portions, share the minutes between them: each is added by one."""
    monkeypatch.setattr(rolling, "PORTION", 7)
    await counted(bench, clock, 60)
    clock.turn(7200)
    before = await figures(bench, clock, "24h")
    moved = await asyncio.gather(*(rolling._roll(bench.database, DEFAULT_TENANT, clock.now()) for _ in range(4)))
    assert sum(moved) + await rolled(bench) == 120
    assert await bench.count("traffic_minutes") == 0
    assert await figures(bench, clock, "24h") == before


async def test_what_is_too_old_goes(bench: Bench, clock: TurnableClock) -> None:
    """Hours, days and samples go when no period shows them any more, and not before; of every tenant."""
    await counted(bench, clock, 1, tenant=OTHER)
    await counted(bench, clock, 1)
    clock.turn(7200)
    await rolled(bench)
    samples = (timedelta(hours=24), 0), (timedelta(hours=26), 0), (timedelta(hours=26), 5), (timedelta(days=33), 5)
    for age, lost in samples:
        await bench.owner.execute(SAMPLE, clock.now() - age, lost)
    await rolled(bench)
    assert [await bench.count(table) for table in TABLES] == [0, 2, 2, 2]
    clock.turn(7 * 86_400 - 7_200)
    await rolled(bench)
    assert [await bench.count(table) for table in TABLES] == [0, 2, 2, 1]
    assert (await figures(bench, clock, "7d"))[ROUTE][0] == 8
    clock.turn(86_400 + 7_200)
    await rolled(bench)
    assert [await bench.count(table) for table in TABLES] == [0, 0, 2, 1]
    clock.turn(22 * 86_400)
    assert (await figures(bench, clock, "30d"))[ROUTE][0] == 8
    clock.turn(2 * 86_400)
    await rolled(bench)
    assert [await bench.count(table) for table in TABLES] == [0, 0, 0, 0]


async def used(bench: Bench, clock: TurnableClock, period: Period, key: UUID) -> dict[str, Any]:
    """What is told of a key's use."""
    made = await usage(bench.database, period, window(period, clock.now()), OTHER, "key", key)
    found: dict[str, Any] = orjson.loads(made.data)
    return found


async def test_a_callers_minute_is_counted_once(bench: Bench, clock: TurnableClock) -> None:
    """A key's use is told alike before its minutes are added to hours and days, after it and after it again."""
    key = await made_key(bench)
    await counted(bench, clock, 70, tenant=OTHER, key=key, status=429, sent=3)
    await counted(bench, clock, 70, tenant=OTHER, key=new_id())
    before = [await used(bench, clock, period, key) for period in ("24h", "7d", "30d")]
    figures = {"requests": 280, "errors": 0, "refused": 280, "limited": 280, "bytes_sent": 840}
    assert [told["totals"] for told in before] == [figures] * 3
    for _ in range(2):
        await rolled(bench)
        assert [await used(bench, clock, period, key) for period in ("24h", "7d", "30d")] == before
    assert [await bench.count(table) for table in CALLERS] == [65 * 2, 2 + 1, 2]
    clock.turn(8 * 86_400 + 7_200)
    await rolled(bench)
    assert [await bench.count(table) for table in CALLERS] == [0, 0, 2]
    clock.turn(25 * 86_400)
    await rolled(bench)
    assert [await bench.count(table) for table in CALLERS] == [0, 0, 0]


async def test_the_history_of_work_goes_after_a_month(bench: Bench, clock: TurnableClock) -> None:
    """Samples of what the house had before it stay as long as a period shows them."""
    for days in (1, 31, 33):
        at = clock.now() - timedelta(days=days)
        await bench.owner.execute("INSERT INTO traffic_backlog (at) VALUES ($1)", at)
    await rolled(bench)
    assert await bench.count("traffic_backlog") == 2


async def made_key(bench: Bench) -> UUID:
    """A key of the other tenant's."""
    key = new_id()
    await bench.owner.execute(
        "INSERT INTO tenants (id, slug, name, version) VALUES ($1, 'other', 'Other', 1) ON CONFLICT DO NOTHING", OTHER
    )
    await bench.owner.execute(
        "INSERT INTO api_keys (id, tenant_id, public_id, name, last_four, scopes, created_by, version) "
        "VALUES ($1, $2, 'key_x', 'x', 'last', '{}', 'user:x', 1)",
        key,
        OTHER,
    )
    return key
