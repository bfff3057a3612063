"""What the gate, accounts and pools count."""

from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import House
from tests.house import Served, eventually
from tests.telemetry.metrics.scraping import Scrape


@pytest.fixture(scope="module")
def counted(house: House) -> Iterator[Served]:
    with house(HTTP__TRUSTED_HOSTS="127.0.0.1", LIMITS__DEFAULT="1000/minute") as served:
        yield served


def seen(served: Served) -> Scrape:
    return Scrape(served.client.get("/metrics").text)


def test_admissions_and_refusals_are_counted_by_policy(house: House) -> None:
    """Of each policy it is told how many requests were admitted and how many refused, and nothing of who asked."""
    with house(LIMITS__DEFAULT="5/minute") as served:
        before = seen(served)
        statuses = [served.client.get("/api/v2/pets").status_code for _ in range(8)]
        refused = statuses.count(429)

        def more(outcome: str) -> float:
            name = "esteio_limit_decisions_total"
            return seen(served).known(name, policy="default", outcome=outcome) - before.known(
                name, policy="default", outcome=outcome
            )

        assert refused >= 3
        eventually(lambda: more("admitted") >= 8 - refused and more("refused") >= refused)
        assert more("refused") == refused


def test_the_response_cache_tells_hits_and_misses(counted: Served) -> None:
    """An answer that was kept is a hit, one that was made is a miss; what is kept is told in answers and bytes."""
    name = "esteio_response_cache_lookups_total"
    before = seen(counted)
    for _ in range(4):
        assert counted.client.get("/api/v2/pets?limit=3").status_code == 200
    eventually(lambda: seen(counted).known(name, outcome="hit") >= before.known(name, outcome="hit") + 3)
    shown = seen(counted)
    assert shown.of(name, outcome="miss") > before.known(name, outcome="miss")
    assert shown.of("esteio_response_cache_entries") >= 1
    assert shown.of("esteio_response_cache_bytes") > 100


def test_refused_logins_hosts_and_permissions_are_counted(counted: Served) -> None:
    """What hints at an attack is counted by what it was."""
    before = seen(counted)
    key = counted.key("pets:write")
    wrong = {"email": "nobody@example.org", "password": "a wrong password 1"}
    for _ in range(2):
        counted.anonymous.post("/api/v2/auth/login", json=wrong)
    httpx.get(f"{counted.url}/api/v2/pets", headers={"Host": "elsewhere.example.org"})
    with counted.with_key(key) as client:
        assert client.get("/api/v2/keys").status_code == 403
    shown = seen(counted)

    def more(name: str, **labels: str) -> float:
        return shown.known(name, **labels) - before.known(name, **labels)

    assert more("esteio_security_events_total", event="login_failed") >= 1
    assert more("esteio_security_events_total", event="host_refused") == 1
    assert more("esteio_auth_refusals_total", kind="permission", reason="keys:read") == 1
    assert more("esteio_audit_events_total", action="key.created", outcome="done") == 1


def test_pools_tell_their_use_and_waits(counted: Served) -> None:
    """Connections in use and idle, the most there may be, and how long one waited for one, of both pools."""
    counted.pet()
    counted.client.get("/api/v2/pets?limit=7")
    eventually(lambda: seen(counted).known("esteio_database_connections_max", pool="write") > 0)
    shown = seen(counted)
    for pool in ("read", "write"):
        assert shown.of("esteio_database_acquire_seconds_count", pool=pool) > 0
        assert shown.of("esteio_database_connections", pool=pool) >= 1
        assert shown.of("esteio_database_connections_max", pool=pool) >= 1


def test_redis_tells_its_round_trips(counted: Served) -> None:
    """Whether it answers, and how often it was talked to."""
    eventually(lambda: seen(counted).known("esteio_redis_round_trips_total") > 0)
    assert seen(counted).of("esteio_redis_available") in (0, 1)


def test_unknown_paths_are_one_series(counted: Served) -> None:
    """However many paths and methods strangers invent, they are counted as one route and one method."""
    before = seen(counted).text.count("esteio_http_request_duration_seconds_count")
    for number in range(20):
        counted.anonymous.request("PROPFIND", f"/api/v2/nothing/{number}")
    shown = seen(counted)
    assert shown.text.count("esteio_http_request_duration_seconds_count") <= before + 2
    assert "nothing" not in shown.text
    assert shown.of("esteio_http_request_duration_seconds_count", route="(none)", method="OTHER") >= 20
