"""Who is told which figures, and what cannot be asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.batches import batch
from tests.conftest import House
from tests.house import Served, eventually
from tests.traffic.counting import METRICS, PASSWORD, ROUTE, count, entered, reported, requests, tenant, written

COPIED = """
SELECT tenant_id, date_trunc('minute', at), method, route, unanswered, informational, successful, redirected, refused,
    failed, sent, cells, counts FROM traffic_minutes ON CONFLICT DO NOTHING
"""
STEPS = {"1h": ("minute", 61), "24h": ("hour", 25), "7d": ("hour", 169), "30d": ("day", 31)}


class Two(NamedTuple):
    """A house with two tenants beside its own, each with requests of its own."""

    served: Served
    clock: TurnableClock
    ids: dict[str, UUID]
    clients: dict[str, httpx.Client]


@pytest.fixture(scope="module")
def two(house: House) -> Iterator[Two]:
    clock = TurnableClock()
    with house(clock=clock) as served:
        made = {slug: tenant(served, slug) for slug in ("north", "south")}
        ids, clients = ({slug: pair[place] for slug, pair in made.items()} for place in (0, 1))
        for number, owner in enumerate((DEFAULT_TENANT, *ids.values()), 1):  # type: ignore[misc]
            count(served.app.traffic.tally, number, tenant=owner)
        yield Two(served, clock, ids, clients)  # type: ignore[arg-type]


def status(client: httpx.Client, **query: str) -> int:
    return client.get(METRICS, params=query).status_code


def test_a_tenant_sees_its_own(two: Two) -> None:
    """Each tenant is told of its own requests alone, and of no process; naming itself changes nothing."""
    for slug, number in (("north", 2), ("south", 3)):
        for query in ({}, {"tenant": str(two.ids[slug])}):
            found = reported(two.served, two.clock, two.clients[slug], **query)
            assert requests(found, ROUTE) == number
            assert (found["data"]["tenants"], found["data"]["resources"]["processes"]) == (None, None)
            assert found["data"]["resources"]["tenant"]["jobs"]["failed"] == 0


def test_a_tenant_cannot_ask_for_others(two: Two) -> None:
    """Another tenant, one that is not there, and all of them are refused alike, so that nothing is learned."""
    answers = [
        two.clients["north"].get(METRICS, params={"tenant": asked})
        for asked in (str(two.ids["south"]), str(DEFAULT_TENANT), str(uuid4()), "all")
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert {answer.json()["detail"] for answer in answers} == {
        "Other tenants than your own need the permission metrics:read."
    }


def test_an_operator_sees_each_and_all(two: Two) -> None:
    """An operator is told of its own tenant, of one that it names, or of all with each; and of the processes."""
    eventually(lambda: two.served.sql("SELECT 1 FROM traffic_processes"))
    assert requests(reported(two.served, two.clock), ROUTE) == 1
    south = reported(two.served, two.clock, tenant=str(two.ids["south"]))
    assert requests(south, ROUTE) == 3 and south["data"]["resources"]["tenant"] is not None
    found = reported(two.served, two.clock, tenant="all")
    assert requests(found, ROUTE) == 6
    by_slug = {row["slug"]: row for row in found["data"]["tenants"]}
    assert set(by_slug) == {"default", "north", "south"}
    assert found["data"]["totals"]["requests"] == sum(row["requests"] for row in by_slug.values())
    assert found["data"]["tenants_in_all"] == 3
    assert [row["kind"] for row in found["data"]["resources"]["processes"]] == ["api"]
    assert status(two.served.client, tenant=str(uuid4())) == 404


def test_the_walls_are_the_databases_own(two: Two) -> None:
    """A report that forgot to say whose shows a tenant nothing of another."""
    from esteio.traffic.periods import window
    from esteio.traffic.queries import _reading

    shape = _reading("minute", True)
    begin = window("1h", two.clock.now()).begin
    database = two.served.app.resources.database
    rows = two.served.run(lambda: database.read(two.ids["north"], shape, begin))
    assert {row["tenant"] for row in rows if row["kind"] == "tenant"} == {two.ids["north"]}


@pytest.mark.parametrize("table", ["traffic_minutes", "traffic_hours", "traffic_days"])
def test_the_platform_looks_and_does_not_touch(two: Two, table: str) -> None:
    """Its own tenant sees the rows of all and can change, remove or make none of another; a tenant sees its own."""
    north, database = two.ids["north"], two.served.app.resources.database
    written(two.served)
    if table != "traffic_minutes":
        two.served.sql(f"INSERT INTO {table} {COPIED}")

    async def run(tenant: UUID, statement: str) -> str:
        async with batch(database, tenant) as connection:
            return await connection.execute(statement)

    def rows(tenant: UUID, statement: str) -> int:
        return int(two.served.run(lambda: run(tenant, statement)).rpartition(" ")[2])

    theirs = f"{table} WHERE tenant_id = '{north}'"
    assert rows(DEFAULT_TENANT, f"SELECT 1 FROM {theirs}") == rows(north, f"SELECT 1 FROM {table}") > 0
    assert rows(two.ids["south"], f"SELECT 1 FROM {theirs}") == 0
    for statement in (f"DELETE FROM {theirs}", f"UPDATE {table} SET sent = 0 WHERE tenant_id = '{north}'"):
        assert rows(DEFAULT_TENANT, statement) == 0
    taken = f"INSERT INTO {table} SELECT * FROM {theirs}"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        two.served.run(lambda: run(DEFAULT_TENANT, taken))


@contextmanager
def holding(two: Two, *roles: str) -> Iterator[httpx.Client]:
    """A client of somebody in the tenant north with these roles."""
    email = f"{uuid4()}@north.example"
    body = {"email": email, "name": "x", "password": PASSWORD, "roles": list(roles)}
    made = two.clients["north"].post("/api/v2/users", json=body)
    assert made.status_code == 201, made.text
    with entered(two.served, email) as client:
        yield client


def test_administrators_and_viewers_may_look(two: Two) -> None:
    """Of the roles that are built in, administrators and viewers are told of the tenant's use; users are not."""
    for role, expected in (("admin", 200), ("viewer", 200), ("user", 403)):
        with holding(two, role) as client:
            assert status(client) == expected, role
    assert status(two.served.anonymous) == 401
    assert status(two.served.with_key(two.served.key("usage:read"))) == 200
    assert status(two.served.with_key(two.served.key("metrics:read"))) == 403


def test_each_period_has_its_bounds(two: Two) -> None:
    """A period begins with a whole unit and shows each of its units, and the running one."""
    for period, (unit, steps) in STEPS.items():
        data = reported(two.served, two.clock, two.clients["north"], period=period)["data"]
        assert (data["period"], data["resolution"], len(data["series"])) == (period, unit, steps)
        assert data["from"] == data["series"][0]["at"]
        assert sum(point["requests"] for point in data["series"]) == data["totals"]["requests"]
    data = reported(two.served, two.clock, period="7d", tenant="all")["data"]
    assert (data["resolution"], len(data["series"])) == ("day", 8)


@pytest.mark.parametrize("period", ["2h", "", "1H", "31d", "1h "])
def test_an_unknown_period_is_refused(two: Two, period: str) -> None:
    """422 that names the field and what is allowed."""
    answer = two.clients["north"].get(METRICS, params={"period": period})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "period"
    assert all(f"'{known}'" in error["message"] for known in STEPS)


def test_what_a_tenant_uses(two: Two) -> None:
    """A tenant is told of its jobs and files, and of nobody else's."""
    north, south = two.ids["north"], two.ids["south"]
    job = (
        "INSERT INTO jobs (id, tenant_id, name, queue, lane, visible, payload, principal, outcome, finished_at, "
        "created_at) SELECT gen_random_uuid(), $1, 'x', 'io', $1, true, '{}', 'x', outcome, $2, $2 "
        "FROM unnest($3::text[]) AS outcome"
    )
    two.served.sql(job, north, two.clock.now(), ["succeeded", "failed", "succeeded"])
    two.served.sql(job, south, two.clock.now(), ["failed"])
    waiting = "INSERT INTO job_tickets (job_id, tenant_id, name, queue, lane, state) VALUES "
    two.served.sql(waiting + "(gen_random_uuid(), $1, 'x', 'none', $1, 'running')", north)
    two.served.sql(waiting + "(gen_random_uuid(), $1, 'x', 'none', $1, 'queued')", north)
    stored = (
        "INSERT INTO files (id, tenant_id, name, media_type, size, sha256, key, created_by, created_at, expires_at) "
        "VALUES (gen_random_uuid(), $1, 'x', 'x', $2, 'x', gen_random_uuid()::text, 'x', now(), $3)"
    )
    for size in (1_000, 234):
        two.served.sql(stored, north, size, two.clock.now().replace(year=2100))
    two.served.sql(stored, north, 5, two.clock.now().replace(year=2000))
    mine = reported(two.served, two.clock, two.clients["north"])["data"]["resources"]["tenant"]
    assert {name: mine["jobs"][name] for name in ("ended", "failed", "waiting", "running")} == {
        "ended": 3,
        "failed": 1,
        "waiting": 1,
        "running": 1,
    }
    assert mine["files"] == {"number": 2, "bytes": 1_234}
    theirs = reported(two.served, two.clock, two.clients["south"])["data"]["resources"]["tenant"]
    assert (theirs["jobs"]["ended"], theirs["jobs"]["waiting"], theirs["files"]["bytes"]) == (1, 0, 0)
