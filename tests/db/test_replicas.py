"""Reads on a real streaming replica: what may be old, and what never is."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.http.exchange import Exchange
from esteio.telemetry.context import current
from tests.conftest import House
from tests.db.streaming import Standby, standby
from tests.house import NO_TLS, Served, eventually, last_held, on_database

PATIENT = "60"
"""A bound of staleness that nothing in a test reaches: then only the promises keep a read from an old replica."""

Open = Callable[..., Any]


def reads(served: Served) -> int:
    """How many of the house's reads a replica has answered so far."""
    assert served.app.elsewhere is not None and served.app.elsewhere.replicas is not None
    return served.app.elsewhere.replicas.answered


def words(served: Served) -> str:
    assert served.app.elsewhere is not None and served.app.elsewhere.replicas is not None
    return " ".join(served.app.elsewhere.replicas.words().values())


READERS: dict[str, httpx.Client] = {}
"""By house, somebody who never writes."""


def reader_of(served: Served) -> httpx.Client:
    if served.url not in READERS:
        READERS[served.url] = served.with_key(served.key("pets:write"))
    return READERS[served.url]


def settled(served: Served) -> None:
    """Wait until the replica may be asked, by whomever."""
    reader = reader_of(served)

    def used() -> bool:
        before = reads(served)
        found(reader, "nobody is called so")
        return words(served) == "" and reads(served) > before

    eventually(used)


def found(client: httpx.Client, name: str) -> list[dict[str, Any]]:
    """Pets by name; this operation keeps nothing in memory."""
    answer = client.get("/api/v1/pets/search", params={"name": name})
    assert answer.status_code == 200, answer.text
    pets: list[dict[str, Any]] = answer.json()
    return pets


def rename(client: httpx.Client, pet: dict[str, Any], name: str) -> httpx.Response:
    answer = client.patch(f"/api/v2/pets/{pet['id']}", json={"name": name})
    assert answer.status_code == 200, answer.text
    return answer


@pytest.fixture
def following(replica: Standby) -> Iterator[Standby]:
    yield replica
    replica.go_on()


@pytest.fixture
def opened(house: House, new_database: Callable[[], str], following: Standby) -> Open:
    """Serves houses on one database and its copy at the replica: `with opened(2) as (one, other):`."""

    @contextmanager
    def serve(number: int = 1, *, at: Standby = following, **changes: str) -> Iterator[list[Served]]:
        url = new_database()
        name = url.rpartition("/")[2].partition("?")[0]
        at.caught_up(url)
        address = on_database(at.url, name)
        with ExitStack() as stack:
            served = [
                stack.enter_context(
                    house(
                        database_url=url,
                        **{"DATABASE__REPLICA_URL": address, "DATABASE__REPLICA_LAG": PATIENT} | changes,
                    )
                )
                for _ in range(number)
            ]
            for one in served:
                settled(one)
            yield served

    return serve


def test_a_stranger_may_see_an_old_state_and_a_writer_never_does(opened: Open, following: Standby) -> None:
    """What a caller wrote is in each of its later answers, from any process; others are answered by the replica."""
    with opened(2) as (one, other):
        pet = one.pet(name="Before")
        key = one.key("pets:write")
        following.caught_up(one.database_url)
        settled(one)
        following.hold()
        rename(one.client, pet, "Afterwards")
        assert [pet["name"] for pet in found(one.client, "afterwards")] == ["Afterwards"]
        assert [pet["name"] for pet in found(other.client, "afterwards")] == ["Afterwards"]
        assert found(other.with_key(key), "afterwards") == []
        assert [pet["name"] for pet in found(other.with_key(key), "before")] == ["Before"]


def test_a_token_carries_the_promise_to_somebody_else(opened: Open, following: Standby) -> None:
    """Who sends the token of another's write sees that write; one that cannot be read is answered by the primary."""
    with opened(2) as (one, other):
        pet = one.pet(name="Before")
        stranger = other.with_key(one.key("pets:write"))
        following.caught_up(one.database_url)
        settled(other)
        following.hold()
        old = one.client.post("/api/v2/pets", json={"name": "Rex", "species": "dog"}).headers["consistency-token"]
        token = rename(one.client, pet, "Afterwards").headers["consistency-token"]
        assert found(stranger, "afterwards") == []
        for sent in (token, old, "A" * 48, "x", "0/0"):
            stranger.headers["Consistency-Token"] = sent
            assert [pet["name"] for pet in found(stranger, "rex")] == ["Rex"], sent
        stranger.headers["Consistency-Token"] = token
        assert [pet["name"] for pet in found(stranger, "afterwards")] == ["Afterwards"]


def test_a_caller_without_a_name_sees_what_it_wrote(opened: Open, following: Standby) -> None:
    """Callers who are nobody are told apart by their addresses."""
    with opened() as (one,):
        following.hold()
        one.run(lambda: _write_as_nobody(one))
        before = reads(one)
        found(one.anonymous, "rex")
        assert reads(one) == before


async def _write_as_nobody(served: Served) -> None:
    scope = {"method": "POST", "path": "/"}
    token = current.set(Exchange(scope, {}, "r", "t", "127.0.0.1", "", None))  # type: ignore[arg-type]
    try:
        async with transaction(served.app.resources.database, DEFAULT_TENANT) as session:
            await session.execute(text("SELECT pg_current_xact_id()"))  # so that its commit is written
    finally:
        current.reset(token)


def test_nobody_sees_a_state_older_than_the_bound(opened: Open, following: Standby) -> None:
    """A replica that falls behind the bound is not asked any more, and is again once it has caught up."""
    with opened(DATABASE__REPLICA_LAG="2") as (one,):
        pet = one.pet(name="Before")
        stranger = one.with_key(one.key("pets:write"))
        following.caught_up(one.database_url)
        settled(one)
        following.hold()
        rename(one.client, pet, "Afterwards")
        written = time.monotonic()
        assert last_held(lambda: found(stranger, "afterwards") == []) - written < 2
        eventually(lambda: "behind" in words(one))
        following.go_on()
        settled(one)
        assert found(stranger, "afterwards")


def test_a_quiet_primary_does_not_make_its_replica_look_old(opened: Open) -> None:
    """Where nothing is written, a replica stays as new as its last look, however long that lasts."""
    with opened(DATABASE__REPLICA_LAG="1") as (one,):
        reader, end = reader_of(one), time.monotonic() + 3
        used: list[bool] = []
        while time.monotonic() < end:
            before = reads(one)
            found(reader, "rex")
            used.append(reads(one) > before)
        assert used.count(True) > 0.8 * len(used)


def test_what_is_kept_in_memory_is_never_made_from_an_older_state(opened: Open, following: Standby) -> None:
    """A process that has heard of a change keeps no answer that a replica without the change would give."""
    with opened(2) as (one, other):
        pet = one.pet(name="Before")
        stranger = other.with_key(one.key("pets:write"))
        following.caught_up(one.database_url)
        settled(other)
        following.hold()
        path = f"/api/v2/pets/{pet['id']}"
        for name in ("Second", "Third"):
            rename(one.client, pet, name)
            eventually(lambda said=name: stranger.get(path).json()["data"]["name"] == said)
            assert [stranger.get(path).json()["data"]["name"] for _ in range(20)] == [name] * 20
        assert [pet["name"] for pet in found(stranger, "before")] == ["Before"]
        following.go_on()
        following.caught_up(one.database_url)
        settled(other)


def test_tenants_are_apart_on_the_replica(opened: Open) -> None:
    """A read there runs as the runtime role and under the same policies: without a tenant it finds nothing."""
    with opened() as (one,):
        assert one.app.elsewhere is not None and one.app.elsewhere.replicas is not None
        one.pet(name="Rex")
        settled(one)
        replicated = one.app.elsewhere.replicas.all[0]
        assert found(one.anonymous, "rex")
        for statement, answer in (
            ("SELECT count(*) AS found FROM pets", 0),
            ("SELECT current_user::text AS found", "esteio_runtime"),
            ("SELECT pg_is_in_recovery() AS found", True),
        ):
            rows = one.run(lambda said=statement: replicated.fetch(said, ()))
            assert rows[0]["found"] == answer


def reading_meanwhile(served: Served, harm: Callable[[], object]) -> tuple[list[int], float]:
    """The statuses of reads before, while and after the harm is done, and the seconds that the slowest took."""
    statuses: list[int] = []
    slowest = 0.0
    done = threading.Event()

    key = reader_of(served).headers["X-API-Key"]

    def read() -> None:
        nonlocal slowest
        with httpx.Client(base_url=served.url, headers={"X-API-Key": key}, timeout=60, verify=NO_TLS) as client:
            while not done.is_set():
                began = time.monotonic()
                statuses.append(client.get("/api/v1/pets/search", params={"name": "rex"}).status_code)
                slowest = max(slowest, time.monotonic() - began)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: len(statuses) > 40)
        harm()
        eventually(lambda: words(served) != "")
        seen = len(statuses)
        eventually(lambda: len(statuses) > seen + 40)
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
    return statuses, slowest


@pytest.mark.parametrize("harm", ["kill", "freeze"])
def test_a_replica_that_goes_takes_no_read_with_it(opened: Open, following: Standby, harm: str) -> None:
    """Killed or silent, its reads are answered by the primary; when it is back it is asked again."""
    with opened() as (one,):
        try:
            statuses, slowest = reading_meanwhile(one, getattr(following, harm))
        finally:
            if harm == "kill":
                following.start()
            else:
                following.thaw()
        assert set(statuses) == {200}
        assert slowest < 10  # a read that only the statement's own time-out ended would have taken 20 s
        settled(one)


def test_a_promoted_replica_is_not_asked(opened: Open, engines: Any, template: str) -> None:
    """What follows the primary no longer goes another way: nobody reads there."""
    with standby(engines.database_url) as another, opened(at=another) as (one,):
        statuses, _ = reading_meanwhile(one, another.promote)
        assert set(statuses) == {200}
        assert "it follows nobody" in words(one)
        before = reads(one)
        found(one.anonymous, "rex")
        assert reads(one) == before


def test_without_redis_reads_go_to_the_primary(opened: Open, engines: Any) -> None:
    """Who cannot know what a caller wrote elsewhere does not guess."""
    with opened() as (one,):
        try:
            engines.valkey.kill()
            eventually(lambda: not one.app.resources.bulletin.connected)
            before = reads(one)
            found(one.anonymous, "rex")
            assert reads(one) == before
        finally:
            engines.valkey.start()
        settled(one)


def test_only_reads_of_products_go_to_replicas(opened: Open) -> None:
    """What says who may do what, jobs and accounts are read on the primary."""
    with opened() as (one,):
        reader = one.with_key(one.key("keys:read"))
        before = reads(one)
        for path in (
            "/api/v2/keys",
            "/api/v2/tasks",
            "/api/v2/limits",
            "/api/v2/auth/me",
            "/api/v2/webhooks/endpoints",
        ):
            assert one.client.get(path).status_code in (200, 403, 404)
        reader.get("/api/v2/keys")
        assert reads(one) == before


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 1), st.integers(0, 1)),
        st.tuples(st.just("read"), st.integers(0, 1), st.integers(0, 1)),
        st.tuples(st.sampled_from(["hold", "go on"]), st.just(0), st.just(0)),
    ),
    min_size=5,
    max_size=30,
)


def test_nobody_ever_sees_less_than_it_wrote(opened: Open, following: Standby) -> None:
    """Whatever is written and read through whichever process, and however far the replica is: own writes are seen."""
    with opened(2) as houses:
        callers = [[one.with_key(key) for one in houses] for key in (houses[0].key("pets:write") for _ in range(2))]
        pets = [houses[0].pet(name=f"caller {number} 0") for number in range(2)]
        following.caught_up(houses[0].database_url)
        written = [0, 0]

        @settings(max_examples=25, suppress_health_check=list(HealthCheck))
        @given(OPERATIONS)
        def holds(operations: list[tuple[str, int, int]]) -> None:
            for what, who, where in operations:
                if what == "hold":
                    following.hold()
                elif what == "go on":
                    following.go_on()
                elif what == "write":
                    rename(callers[who][where], pets[who], f"caller {who} {written[who] + 1}")
                    written[who] += 1
                else:
                    shown = found(callers[who][where], f"caller {who} ")
                    assert [int(pet["name"].rsplit(" ", 1)[1]) for pet in shown] == [written[who]]

        before = reads(houses[0])
        holds()
        following.go_on()

        def asked() -> bool:
            found(callers[0][0], "caller 0 ")
            return reads(houses[0]) > before

        eventually(asked)
