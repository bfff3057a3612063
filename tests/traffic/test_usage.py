"""How much a key or a client was used, told to its tenant."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import pytest

from esteio.base.clock import TurnableClock
from tests.conftest import House
from tests.house import Served, eventually
from tests.traffic.counting import count, tenant, written

PETS = "/api/v2/pets"
NOON = datetime(2026, 3, 14, 12, 0, 15, tzinfo=UTC)


class Timed(NamedTuple):
    served: Served
    clock: TurnableClock


@pytest.fixture(scope="module")
def timed(house: House) -> Iterator[Timed]:
    """A house of its own, whose clock is turned."""
    clock = TurnableClock(NOON)
    with house(clock=clock) as served:
        yield Timed(served, clock)


def made(timed: Timed, scopes: list[str]) -> tuple[str, httpx.Client]:
    """A new key: its id, and a client that has it."""
    answer = timed.served.client.post("/api/v2/keys", json={"name": "k", "scopes": scopes})
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    return data["id"], timed.served.with_key(data["key"])


def told(timed: Timed, path: str, client: httpx.Client | None = None, **query: str) -> dict[str, Any]:
    """The usage, made anew."""
    written(timed.served)
    timed.clock.turn(5)
    answer = (client or timed.served.client).get(f"/api/v2/{path}/usage", params={"period": "1h", **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def test_a_key_is_told_its_use(timed: Timed) -> None:
    """Requests, errors and refusals are those that the key's callers met, in the minute when they met them."""
    key, client = made(timed, ["pets:write"])
    before = timed.clock.now().replace(second=0).strftime("%Y-%m-%dT%H:%M:%SZ")
    sizes = [len(client.get(PETS).content) for _ in range(3)]
    sizes.append(len(client.post(PETS, json={}).content))
    for status in (429, 429, 500):
        count(timed.served.app.traffic.tally, 1, status=status, key=UUID(key))
    found = told(timed, f"keys/{key}")
    totals = {"requests": 7, "errors": 1, "refused": 3, "limited": 2}
    assert found["totals"] == {**totals, "bytes_sent": sum(sizes)}
    assert [point for point in found["series"] if point["requests"]] == [{"at": before, **totals}]
    assert (len(found["series"]), found["resolution"], found["period"]) == (61, "minute", "1h")
    eventually(lambda: told(timed, f"keys/{key}")["last_used_at"])


def test_a_key_that_was_never_used(timed: Timed) -> None:
    """It has a point of nothing for each unit of any period."""
    key, _ = made(timed, ["pets:write"])
    for period, points in (("1h", 61), ("24h", 25), ("7d", 169), ("30d", 31)):
        found = told(timed, f"keys/{key}", period=period)
        assert (found["totals"]["requests"], len(found["series"]), found["last_used_at"]) == (0, points, None)


def test_a_client_is_told_its_use(timed: Timed) -> None:
    """What was asked with a client's access tokens is the client's."""
    made = timed.served.client.post("/api/v2/oauth-clients", json={"name": "c", "scopes": ["pets:write"]})
    client = made.json()["data"]
    form = {"grant_type": "client_credentials"}
    secret = (client["client_id"], client["client_secret"])
    token = timed.served.anonymous.post("/oauth/token", data=form, auth=secret).json()["access_token"]
    for _ in range(4):
        assert timed.served.anonymous.get(PETS, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert told(timed, f"oauth-clients/{client['id']}")["totals"]["requests"] == 4


def test_anothers_key_is_not_there(timed: Timed) -> None:
    """A tenant is told nothing of another's key, not even that there is one."""
    key, client = made(timed, ["pets:write"])
    client.get(PETS)
    _, other = tenant(timed.served, "nosy")
    for path in (f"keys/{key}", f"oauth-clients/{key}", f"keys/{uuid4()}"):
        assert other.get(f"/api/v2/{path}/usage").status_code == 404


def test_who_may_not_see_keys_sees_no_usage(timed: Timed) -> None:
    """Usage needs the permission that reading the key needs."""
    key, client = made(timed, ["usage:read"])
    assert client.get(f"/api/v2/keys/{key}/usage").status_code == 403


def test_what_could_not_be_counted_by_caller_is_said(timed: Timed) -> None:
    """An answer warns where requests of its period were counted without their caller."""
    key, _ = made(timed, ["pets:write"])
    served = timed.served
    served.sql(
        "INSERT INTO traffic_processes (writer, at, kind, name, cpu_seconds, memory_bytes, loop_lag, connections,"
        " most_connections, lost, callers_lost) VALUES (gen_random_uuid(), $1, 'api', 'x', 1, 1, 0, 0, 0, 0, 4)",
        timed.clock.now(),
    )
    timed.clock.turn(5)
    (said,) = served.client.get(f"/api/v2/keys/{key}/usage").json()["warnings"]
    assert "could not be counted" in said
    assert served.client.get("/api/v2/metrics").json()["warnings"] == []
