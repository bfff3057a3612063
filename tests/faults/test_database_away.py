"""PostgreSQL behind a network that refuses, resets, is slow or silent."""

import asyncio
from collections.abc import Callable
from time import monotonic

import httpx
import pytest

from tests.faults.calls import Calls, Told, some_attempt
from tests.faults.conftest import Networked, Networks
from tests.faults.proxy import Mode
from tests.house import NO_TLS, Served, eventually

WITHIN = 5.0
WITHOUT_DATABASE = 2.0
UNAVAILABLE = {"public read", "keyed read", "stored key", "write", "login"}
"""Kinds that cannot be answered without the database."""


@pytest.fixture(scope="module")
def calls(networked: Networked) -> Calls:
    return Calls(networked.served)


@pytest.fixture(autouse=True)
def well(networked: Networked, calls: Calls) -> None:
    networked.database.set("pass")
    eventually(calls.all_well)


def is_refusal(told: Told) -> bool:
    """A 503 problem with the time to wait, that says nothing of what is behind it."""
    problem = told.json()
    assert told.headers["content-type"] == "application/problem+json"
    assert int(told.headers["retry-after"]) >= 1
    assert problem["errors"][0]["code"] == "UNAVAILABLE"
    assert not any(word in problem["detail"].lower() for word in ("postgres", "asyncpg", "connection", "timeout"))
    return told.status == 503


def in_time(told: Told) -> bool:
    return told.seconds <= (WITHOUT_DATABASE if told.kind == "livez" else WITHIN)


@pytest.mark.parametrize("mode", ["refuse", "silent"])
def test_a_database_that_is_away_is_a_503_in_time(networked: Networked, calls: Calls, mode: Mode) -> None:
    """Each kind of route answers by its policy within 5 s: 503 with Retry-After, the process living but not ready."""

    def late() -> list[str]:
        assert calls.call("cached read").status == 200
        networked.database.set(mode)
        told = calls.by_kind()
        for kind in UNAVAILABLE:
            assert told[kind].status == 503, told[kind]
            assert is_refusal(told[kind])
        assert (told["livez"].status, told["health"].status) == (200, 200)
        eventually(lambda: calls.call("readyz").status == 503)
        assert calls.call("health").json()["data"]["status"] == "unavailable"
        networked.database.set("pass")
        calls.recover()
        # An answer that is still fresh needs no database, and neither does a limit.
        away = [told[kind] for kind in ("cached read", "strict") if told[kind].status != 200]
        return [str(one) for one in (*away, *told.values()) if one in away or not in_time(one)]

    some_attempt(late)


@pytest.mark.parametrize("mode", ["reset", "slow"])
def test_a_database_that_is_unwell_fails_no_request_with_a_500(networked: Networked, calls: Calls, mode: Mode) -> None:
    """Resets every second and packets that take 0.3 s: every answer is a success or a 503, within 5 s."""

    def late() -> list[str]:
        networked.database.set(mode)
        end = monotonic() + 2.5
        told: list[Told] = []
        while monotonic() < end:
            told += calls.at_once()
        networked.database.set("pass")
        assert [str(one) for one in told if one.status not in (200, 201, 503)] == []
        assert {one.status for one in told if one.kind == "livez"} == {200}
        calls.recover()
        return [str(one) for one in told if not in_time(one)]

    some_attempt(late)


def test_a_request_waits_for_the_database_no_longer_than_is_set(
    networks: Networks, new_database: Callable[[], str]
) -> None:
    """However long a statement may take, `request_timeout` bounds what a request waits for, endings included."""
    patience = {"DATABASE__STATEMENT_TIMEOUT": "30", "DATABASE__REQUEST_TIMEOUT": "0.5"}
    with networks(new_database(), **patience) as impatient:
        calls = Calls(impatient.served)

        def late() -> list[str]:
            impatient.database.set("pass")
            eventually(lambda: [calls.call(kind).status for kind in ("write", "public read")] == [201, 200])
            impatient.database.set("silent")
            told = calls.at_once(["write", "public read", "keyed read", "login"])
            assert [str(one) for one in told if one.status != 503] == []
            return [str(one) for one in told if one.seconds > 2.5]

        some_attempt(late)


def test_many_requests_to_a_silent_database_leave_nothing_behind(networked: Networked, calls: Calls) -> None:
    """A crowd that waits for a silent database is answered in time; afterwards tasks and connections are as before."""
    served = networked.served
    before = eventually(lambda: settled(served))

    def late() -> list[str]:
        networked.database.set("silent")
        told = calls.at_once(["public read", "write", "stored key", "keyed read"], times=15)
        networked.database.set("pass")
        assert [str(one) for one in told if one.status != 503] == []
        calls.recover()
        return [str(one) for one in told if one.seconds > WITHIN]

    some_attempt(late)
    eventually(lambda: settled(served) and tasks(served) <= before + 2)
    most = 2 * served.app.settings.database.pool_max
    eventually(lambda: sessions(served) <= most and networked.database.lines == sessions(served))


def tasks(served: Served) -> int:
    async def count() -> int:
        return len(asyncio.all_tasks())

    return served.run(count)


def settled(served: Served) -> int:
    """The number of tasks once two looks agree."""
    first, second = tasks(served), tasks(served)
    return first if first == second else 0


def sessions(served: Served) -> int:
    rows = served.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'esteio'")
    return int(rows[0][0])


def test_readiness_follows_the_database(networked: Networked) -> None:
    """Not ready while the database is away, ready within seconds of its return; alive all the time."""
    client = networked.served.anonymous
    networked.database.set("refuse")
    eventually(lambda: client.get("/readyz").status_code == 503)
    assert client.get("/livez").status_code == client.get("/startupz").status_code == 200
    assert client.get("/readyz").headers["retry-after"] == "2"
    networked.database.set("pass")
    eventually(lambda: client.get("/readyz").status_code == 200)


@pytest.fixture
def limited(networked: Networked) -> Callable[[int], None]:
    """Bounds the connections to the database, and ends those that are there."""
    served = networked.served
    name = served.sql("SELECT current_database()")[0][0]

    def limit(most: int) -> None:
        served.sql(f"ALTER DATABASE {name} CONNECTION LIMIT {most}")
        end_sessions(served)

    return limit


def end_sessions(served: Served) -> None:
    """End the house's sessions, and wait until they have ended: the server only asks them to."""
    ours = "FROM pg_stat_activity WHERE datname = current_database() AND usename = 'esteio'"
    asked = [row["pid"] for row in served.sql(f"SELECT pid, pg_terminate_backend(pid) {ours}")]
    eventually(lambda: served.sql(f"SELECT 1 {ours} AND pid = ANY($1)", asked) == [])


def test_503_for_a_database_that_takes_no_more_connections(
    networked: Networked, calls: Calls, limited: Callable[[int], None]
) -> None:
    """A server out of connections is a 503 like one that is down; it is used again once it takes them."""
    limited(0)
    try:
        told = calls.by_kind()
        for kind in UNAVAILABLE:
            assert told[kind].status == 503, told[kind]
        eventually(lambda: calls.call("readyz").status == 503)
    finally:
        limited(-1)
    calls.recover()


def test_no_write_fails_because_its_connection_broke_while_idle(networked: Networked, calls: Calls) -> None:
    """After the server ended every idle session, the next read and the next write succeed at once."""
    end_sessions(networked.served)
    assert (calls.call("public read").status, calls.call("write").status) == (200, 201)


@pytest.fixture
def failing(networked: Networked) -> None:
    """The database fails a pet whose name is `fail:<SQLSTATE>` with that error."""
    served = networked.served
    served.sql(
        "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.name LIKE 'fail:%' THEN RAISE EXCEPTION 'no' USING ERRCODE = substr(NEW.name, 6); END IF; "
        "RETURN NEW; END $$"
    )
    served.sql("CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON pets FOR EACH ROW EXECUTE FUNCTION fail()")


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("53100", "disk full"),
        ("53200", "out of memory"),
        ("53300", "too many connections"),
        ("58030", "input or output error"),
        ("25006", "read only: a replica"),
        ("40001", "serialization failure"),
        ("40P01", "deadlock"),
        ("55P03", "lock not available"),
        ("57014", "statement timed out"),
        ("57P01", "shutting down"),
        ("57P03", "starting"),
    ],
)
@pytest.mark.usefixtures("failing")
def test_503_for_a_database_that_cannot_write(networked: Networked, calls: Calls, state: str, meaning: str) -> None:
    """A full disk and its like are the server's trouble: 503 with Retry-After, nothing written, nothing told."""
    with httpx.Client(base_url=calls.url, verify=NO_TLS) as client:
        answer = calls.write(client, f"fail:{state}")
    assert answer.status_code == 503, (meaning, answer.text)
    assert int(answer.headers["retry-after"]) >= 1
    assert state not in answer.text
    assert networked.served.sql("SELECT 1 FROM pets WHERE name LIKE 'fail:%'") == []


@pytest.mark.parametrize("path", ["slow", "slow-query"])
def test_504_past_the_time_budget_and_nothing_written(networked: Networked, path: str) -> None:
    """A handler that takes longer than its budget is ended with 504, its transaction rolled back, its session freed."""
    served = networked.served

    def late() -> list[str]:
        began = monotonic()
        answer = served.client.post(f"/api/v2/trial/{path}")
        taken = monotonic() - began
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (504, "TIMED_OUT"), answer.text
        return [f"{taken} s"] if taken > 2.0 else []

    some_attempt(late)
    assert served.sql("SELECT 1 FROM pets WHERE name = 'Slow'") == []
    busy = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usename = 'esteio' AND state <> 'idle'"
    )
    eventually(lambda: served.sql(busy) == [])
