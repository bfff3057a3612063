"""What is counted in the database for the whole house."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from esteio.base.clock import TurnableClock
from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from tests.conftest import House
from tests.house import Served
from tests.telemetry.metrics.scraping import Scrape


@pytest.fixture(scope="module")
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture(scope="module")
def counted(house: House, clock: TurnableClock) -> Iterator[Served]:
    """A house whose counts are made anew when its clock is turned."""
    with house(clock=clock) as served:
        yield served


def seen(served: Served, clock: TurnableClock) -> Scrape:
    clock.turn(61)
    answer = served.client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return Scrape(answer.text)


def another_tenant(served: Served) -> str:
    tenant = str(uuid4())
    served.sql(
        "INSERT INTO tenants (id, slug, name, version) VALUES ($1::text::uuid, $2, 'Other', 1)",
        tenant,
        f"t-{tenant[:8]}",
    )
    return tenant


def dead_letter(served: Served, tenant: str) -> None:
    served.sql(
        "INSERT INTO jobs (id, tenant_id, name, queue, lane, visible, payload, principal, outcome, finished_at) "
        "VALUES ($1, $2::text::uuid, 'trial', 'io', $2::text::uuid, true, '{}', 'nobody', 'failed', now())",
        new_id(),
        tenant,
    )


def test_dead_letters_of_all_tenants_are_counted(counted: Served, clock: TurnableClock) -> None:
    """Rows that only their tenant sees are counted in every tenant, and nobody is shown whose they are."""
    before = seen(counted, clock).of("esteio_job_dead_letters", queue="io")
    tenant = another_tenant(counted)
    dead_letter(counted, tenant)
    dead_letter(counted, str(DEFAULT_TENANT))
    shown = seen(counted, clock)
    assert shown.of("esteio_job_dead_letters", queue="io") == before + 2
    assert shown.of("esteio_job_dead_letters", queue="cpu") == 0
    assert tenant not in shown.text


def test_the_oldest_fact_tells_the_lag_of_each_consumer(counted: Served, clock: TurnableClock) -> None:
    """The lag is the age of the oldest fact that a consumer has not told, and 0 for one that has told all."""
    tenant = another_tenant(counted)
    counted.sql("DELETE FROM outbox_queue")
    counted.sql(
        "INSERT INTO outbox (id, tenant_id, name, subject, data, principal, occurred_at) VALUES "
        "($1, $2::text::uuid, 'pet.created', 'pet:1', '{}', 'nobody', now() - interval '90 seconds')",
        uuid4(),
        tenant,
    )
    counted.sql("DELETE FROM outbox_queue WHERE consumer = 'realtime'")
    shown = seen(counted, clock)
    assert 85 < shown.of("esteio_outbox_lag_seconds", consumer="fanout") < 200
    assert shown.of("esteio_outbox_lag_seconds", consumer="realtime") == 0
    assert shown.of("esteio_outbox_waiting", consumer="fanout") == 1


def test_webhooks_are_counted(counted: Served, clock: TurnableClock) -> None:
    """Endpoints by their standing, deliveries that wait, and for how long the oldest has."""
    endpoint, tenant = new_id(), another_tenant(counted)
    counted.sql(
        "INSERT INTO webhook_endpoints (id, tenant_id, url, description, events, signing, enabled, failing_since, "
        "created_by, version) VALUES ($1, $2::text::uuid, 'https://example.org', '', '{}', 'v1', true, now(), 'x', 1)",
        endpoint,
        tenant,
    )
    counted.sql(
        "INSERT INTO webhook_deliveries (id, tenant_id, endpoint_id, event_id, event, subject, body, state, created_at)"
        " VALUES ($1, $2::text::uuid, $3, $4, 'pet.created', 'pet:1', '', 'pending', now() - interval '100 seconds')",
        new_id(),
        tenant,
        endpoint,
        uuid4(),
    )
    shown = seen(counted, clock)
    assert shown.of("esteio_webhook_endpoints", state="failing") == 1
    assert shown.of("esteio_webhook_endpoints", state="disabled") == 0
    assert shown.of("esteio_webhook_deliveries_pending") == 1
    assert 95 < shown.of("esteio_webhook_oldest_pending_seconds") < 300


def test_a_schema_that_lacks_migrations_is_told(counted: Served, clock: TurnableClock) -> None:
    """1 while the database lacks a revision of this release, 0 else."""
    assert seen(counted, clock).of("esteio_migrations_behind") == 0
    rows = counted.sql("SELECT version_num FROM alembic_version")
    try:
        counted.sql("DELETE FROM alembic_version WHERE version_num LIKE 'pets%'")
        assert seen(counted, clock).of("esteio_migrations_behind") == 1
    finally:
        for row in rows:
            counted.sql("INSERT INTO alembic_version VALUES ($1) ON CONFLICT DO NOTHING", row["version_num"])


def test_the_clocks_difference_is_told(counted: Served, clock: TurnableClock) -> None:
    """A machine whose clock is ahead of the database's says by how many seconds."""
    before = seen(counted, clock).of("esteio_clock_skew_seconds")
    clock.turn(3600)
    assert 3600 <= seen(counted, clock).of("esteio_clock_skew_seconds") - before <= 3780


def test_a_database_that_is_away_is_told(house: House) -> None:
    """While nothing can be counted that alone is said, and what was counted before is not shown as if it were now."""
    clock = TurnableClock()
    with house(clock=clock) as served:
        assert seen(served, clock).of("esteio_database_up") == 1
        served.run(lambda: served.app.resources.database._pool.expire_connections())  # type: ignore[union-attr]
        object.__setattr__(served.app.resources.database.settings, "acquire_timeout", 0.2)
        held = served.run(lambda: _all_connections(served))
        try:
            shown = seen(served, clock)
        finally:
            served.run(lambda: _give_back(served, held))
    assert shown.of("esteio_database_up") == 0
    assert "esteio_jobs" not in shown.names


async def _all_connections(served: Served) -> list[object]:
    pool = served.app.resources.database._pool
    assert pool is not None
    return [await pool.acquire() for _ in range(served.app.settings.database.pool_max)]


async def _give_back(served: Served, held: list[object]) -> None:
    pool = served.app.resources.database._pool
    assert pool is not None
    for connection in held:
        await pool.release(connection)
