"""The house behind a real PgBouncer in transaction mode whose pool is three connections."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest

from esteio.base.errors import StartRefused
from esteio.embedded.engines import Engines
from tests.conftest import House
from tests.db.pooling import POOL, TIMES, Pooler, logging_in, needed, pooler
from tests.house import Served, environment, eventually, sql
from tests.pets.test_pets import TestChange, TestDeleteAndRestore, TestFeedings, TestRead, TestRegister, TestStatus
from tests.worker.processes import scheduler, worker

pytestmark = needed
__all__ = [
    "TestChange",
    "TestDeleteAndRestore",
    "TestFeedings",
    "TestRead",
    "TestRegister",
    "TestStatus",
]


@pytest.fixture(scope="module")
def bouncer(engines: Engines) -> Iterator[Pooler]:
    with pooler(engines.database_url) as running:
        yield running


@contextmanager
def behind(house: House, running: Pooler, direct: str, **changes: str) -> Iterator[Served]:
    with logging_in(direct), house(database_url=direct, **running.settings(direct) | changes) as served:
        served.database_url = direct
        yield served


@pytest.fixture(scope="module")
def served(house: House, bouncer: Pooler, new_database: Callable[[], str]) -> Iterator[Served]:
    """The tests of pets are also these tests: they are run again, in this house."""
    with behind(house, bouncer, new_database(), LIMITS__ENABLED="false") as running:
        yield running


@pytest.fixture
def direct(new_database: Callable[[], str]) -> str:
    return new_database()


def sessions(served: Served) -> int:
    """Connections of the server that PgBouncer shares out for this house."""
    found = served.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'esteio_runtime'"
    )
    return int(found[0]["count"])


def test_many_clients_share_few_connections(served: Served) -> None:
    """However much is asked at once, the server has the pool's connections, and every answer is right."""
    pets = [served.pet(name=f"of {number}") for number in range(20)]

    def ask(number: int) -> tuple[int, str]:
        pet = pets[number % len(pets)]
        answer = served.client.patch(f"/api/v2/pets/{pet['id']}", json={"notes": str(number)})
        shown = served.client.get("/api/v1/pets/search", params={"name": pet["name"]})
        return answer.status_code, shown.json()[0]["id"]

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(ask, range(300)))
    assert [status for status, _ in answers] == [200] * 300
    assert [shown for _, shown in answers] == [pets[number % len(pets)]["id"] for number in range(300)]
    assert 1 <= sessions(served) <= POOL


def test_tenants_stay_apart_however_connections_are_lent(served: Served) -> None:
    """What one tenant's transaction sets is gone when the connection is lent to another's."""
    keys, other = {}, uuid4()
    served.sql("INSERT INTO tenants (id, slug, name, version) VALUES ($1, 'other', 'Other', 1)", other)
    keys[None] = served.client
    keys[other] = served.with_key(_key_of(served, other))
    for who, client in keys.items():
        answer = client.post("/api/v2/pets", json={"name": f"apart {who}", "species": "cat"})
        assert answer.status_code == 201, answer.text

    def look(number: int) -> set[str]:
        who = list(keys)[number % 2]
        if number % 5 == 0:
            keys[who].post("/api/v2/pets", json={"name": f"apart {who}", "species": "cat"})
        shown = keys[who].get("/api/v1/pets/search", params={"name": "apart"}).json()
        return {pet["name"] for pet in shown}

    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(look, range(300)))
    assert seen[0::2] == [{"apart None"}] * 150
    assert seen[1::2] == [{f"apart {other}"}] * 150


def _key_of(served: Served, tenant: UUID) -> str:
    """A key of another tenant: made for ours, then given away behind everybody's back."""
    answer = served.client.post("/api/v2/keys", json={"name": "theirs", "scopes": ["pets:write"]}).json()["data"]
    served.sql("UPDATE api_keys SET tenant_id = $1 WHERE id = $2", tenant, UUID(answer["id"]))
    served.sql("UPDATE api_key_digests SET tenant_id = $1 WHERE key_id = $2", tenant, UUID(answer["id"]))
    text: str = answer["key"]
    return text


def test_statements_run_as_the_runtime_role_without_a_tenant(served: Served) -> None:
    """Every connection that the pooler lends is the runtime role's own, and sees no row before it names a tenant."""
    served.pet()

    async def look() -> list[tuple[Any, ...]]:
        found = []
        for _ in range(3 * POOL):
            async with served.app.resources.database.connection() as connection:
                found.append(
                    tuple(
                        await connection.fetchrow(
                            "SELECT session_user::text, current_user::text, (SELECT count(*) FROM pets)"
                        )
                    )
                )
        return found

    assert set(served.run(look)) == {("esteio_runtime", "esteio_runtime", 0)}


def test_jobs_and_notices(house: House, bouncer: Pooler, direct: str, engines: Engines) -> None:
    """Workers and the scheduler do their work behind it; notices reach them past it."""
    given = environment(direct, engines.redis_url, **bouncer.settings(direct), JOBS__POLL="30")
    with (
        behind(house, bouncer, direct, JOBS__POLL="30") as served,
        worker(given, services=None),
        scheduler(given, services=None),
    ):
        for number in range(5):
            served.pet(name=f"pet {number}")
        ordered = served.client.post("/api/v2/pets/export", json={"format": "csv"}).json()["data"]
        eventually(lambda: _state(served, ordered["id"]) == "succeeded", 60)
        # Facts leave the outbox well before the next poll, which only a notice can bring about.
        eventually(lambda: served.sql("SELECT count(*) AS n FROM outbox_queue")[0]["n"] == 0, 25)
    assert sql(direct, "SELECT count(*) AS n FROM outbox")[0]["n"] >= 5


def _state(served: Served, task: str) -> str:
    state: str = served.client.get(f"/api/v2/tasks/{task}").json()["data"]["state"]
    assert state not in ("failed", "cancelled")
    return state


def test_a_login_that_is_not_the_runtime_role_is_refused(house: House, engines: Engines, direct: str) -> None:
    """Where the role that was asked for is dropped on the way, the house does not start, and says what to change."""
    sql(
        direct,
        "DO $$ BEGIN CREATE ROLE esteio_app LOGIN IN ROLE esteio_runtime; EXCEPTION WHEN duplicate_object THEN END $$",
    )
    with pooler(engines.database_url, ignore_startup_parameters="role") as running:
        for role in ("esteio", "esteio_app"):
            with (
                pytest.raises(StartRefused, match="ESTEIO_DATABASE__URL"),
                house(database_url=direct, **running.settings(direct, role=role)),
            ):
                pass


def test_without_time_outs_it_does_not_start(house: House, bouncer: Pooler, direct: str) -> None:
    """A role without time-outs would let one statement hold a connection of all: the words say how to set them."""
    with logging_in(direct):
        name = direct.partition("?")[0].rpartition("/")[2]
        sql(direct, f"ALTER ROLE esteio_runtime IN DATABASE {name} RESET ALL")
        with pytest.raises(StartRefused) as refused, house(database_url=direct, **bouncer.settings(direct)):
            pass
    assert all(f"ALTER ROLE esteio_runtime SET {setting} = '" in str(refused.value) for setting in TIMES)


def test_names_that_the_pooler_would_lose_are_refused(house: House, bouncer: Pooler, direct: str) -> None:
    """Prepared statements are only named where PgBouncer keeps account of them."""
    asked = bouncer.settings(direct) | {"DATABASE__POOLER": "transaction-prepared"}
    refused = pytest.raises(StartRefused, match="max_prepared_statements")
    with logging_in(direct), refused, house(database_url=direct, **asked):
        pass


def test_a_pooler_that_nobody_spoke_of_is_refused(house: House, engines: Engines, direct: str) -> None:
    """A house that was not told of the pooler does not serve through it, even one that drops what is asked of it."""
    dropped = "role, jit, statement_timeout, lock_timeout, idle_in_transaction_session_timeout"
    with pooler(engines.database_url, ignore_startup_parameters=dropped) as running:
        through = running.url(direct, role="esteio")
        with pytest.raises(StartRefused), house(database_url=direct, DATABASE__URL=through):
            pass


def test_a_pooler_needs_a_way_past_it(house: House, bouncer: Pooler, direct: str) -> None:
    """Without the address of the server itself there would be no migrations and no notices."""
    with pytest.raises(StartRefused, match="direct_url"), house(database_url=direct, DATABASE__POOLER="transaction"):
        pass
