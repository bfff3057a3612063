"""Valkey behind a network that refuses, resets, is slow or silent; and Valkey frozen, killed, started empty."""

from time import monotonic

import httpx
import pytest

from esteio.embedded.engines import Engines
from tests.conftest import House
from tests.faults.calls import Calls, Told
from tests.faults.conftest import Networked
from tests.faults.proxy import Mode
from tests.house import Served, eventually

WITHIN = 2.0
RECOVERED = 10.0
OPEN = {"public read", "cached read", "keyed read", "stored key", "write", "login", "health"}
"""Kinds whose limits let callers pass while the shared counter is gone."""


@pytest.fixture(scope="module")
def calls(networked: Networked) -> Calls:
    return Calls(networked.served)


@pytest.fixture(autouse=True)
def well(networked: Networked, calls: Calls) -> None:
    networked.redis.set("pass")
    eventually(calls.all_well, RECOVERED)


def wrong(told: Told) -> bool:
    allowed = (200, 201) if told.kind in OPEN | {"livez"} else (200, 503)
    return told.status not in allowed or told.seconds > WITHIN


@pytest.mark.parametrize("mode", ["refuse", "silent", "reset", "slow"])
def test_every_route_answers_by_its_policy(networked: Networked, calls: Calls, mode: Mode) -> None:
    """Without a usable Redis every answer comes within 2 s: success where limits fail open, 503 where they are closed.

    No request fails in any other way, and everything is as before within 10 s of its return.
    """
    networked.redis.set(mode)
    end = monotonic() + (0.7 if mode in ("refuse", "silent") else 2.5)
    told: list[Told] = []
    while monotonic() < end:
        told += calls.at_once()
    assert [str(one) for one in told if wrong(one)] == []
    networked.redis.set("pass")
    eventually(calls.all_well, RECOVERED)


@pytest.mark.parametrize("mode", ["refuse", "silent"])
def test_open_limits_say_that_they_are_approximate(networked: Networked, calls: Calls, mode: Mode) -> None:
    """While Redis is away answers carry a warning, and metrics count the decisions that were made alone.

    A caller whose share was fetched before is still counted exactly, so the ones asked here are new.
    """
    served = networked.served
    key = served.key("pets:write")
    networked.redis.set(mode)
    before = decided_alone(served)
    with served.with_key(key) as client:
        answers = [client.get("/api/v2/pets"), client.post("/api/v2/pets", json={"name": "Alone", "species": "dog"})]
    assert [answer.status_code for answer in answers] == [200, 201]
    for answer in answers:
        assert any("approximate" in words for words in answer.json()["warnings"]), answer.text
        assert int(answer.headers["x-ratelimit-remaining"]) > 0
    eventually(lambda: decided_alone(served) >= before + 2, 5)
    networked.redis.set("pass")
    eventually(lambda: calls.call("public read").json()["warnings"] == [], RECOVERED)


def decided_alone(served: Served) -> float:
    """What the metrics say of requests under `default` that were admitted without Redis."""
    lines = served.client.get("/metrics").text.splitlines()
    name = 'esteio_limit_decisions_total{outcome="approximate",policy="default"'
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@pytest.mark.parametrize("mode", ["refuse", "silent"])
def test_closed_limits_refuse_and_say_when_to_come_back(networked: Networked, calls: Calls, mode: Mode) -> None:
    """A limit that fails closed is a 503 with Retry-After, and makes the process not ready; it goes on living."""
    networked.redis.set(mode)
    eventually(lambda: calls.call("strict").status == 503, 3)
    told = calls.call("strict")
    assert int(told.headers["retry-after"]) >= 1
    assert told.json()["errors"][0]["code"] == "UNAVAILABLE"
    assert told.seconds < 0.25, "what is known to be down is not tried again by each request"
    eventually(lambda: calls.call("readyz").status == 503, 3)
    assert calls.call("livez").status == 200


def test_a_house_whose_limits_fail_open_stays_ready(house: House) -> None:
    """Redis away is no reason to send no requests where nothing needs it."""
    with house(redis_url="redis://127.0.0.1:1/0") as served:
        eventually(lambda: served.anonymous.get("/readyz").status_code == 200, 3)
        assert served.pet()["name"] == "Rex"


def test_connections_to_redis_are_as_before_after_an_outage(networked: Networked, calls: Calls) -> None:
    """A crowd during an outage leaves no connection behind."""
    calls.at_once(["public read", "write", "strict"], times=10)
    networked.redis.set("silent")
    calls.at_once(["public read", "write", "strict"], times=10)
    networked.redis.set("pass")
    eventually(calls.all_well, RECOVERED)
    eventually(lambda: networked.redis.lines <= 33, RECOVERED)


def test_valkey_restarted_empty_heals(networked: Networked, calls: Calls, engines: Engines) -> None:
    """A Valkey that lost everything is used again within 10 s: limits exact, news heard, no request failed with 500."""
    served = networked.served
    engines.valkey.kill()
    told = calls.at_once()
    engines.valkey.start()
    assert [str(one) for one in told if wrong(one)] == []
    eventually(calls.all_well, RECOVERED)
    resources = served.app.resources
    eventually(lambda: resources.redis.available and resources.bulletin.connected, RECOVERED)
    assert calls.call("public read").json()["warnings"] == []


def test_a_revoked_key_is_refused_within_five_seconds_while_valkey_is_frozen(
    house: House, engines: Engines, networked: Networked
) -> None:
    """R10: no news arrives, and yet another process believes a revoked key for five seconds at most."""
    here = networked.served
    with house(database_url=here.database_url) as there:
        made = here.client.post("/api/v2/keys", json={"name": "doomed", "scopes": ["pets:write"]}).json()["data"]
        with there.with_key(made["key"]) as client:
            assert client.get("/api/v2/pets").status_code == 200
            engines.valkey.freeze()
            try:
                revoked = here.client.delete(f"/api/v2/keys/{made['id']}")
                assert revoked.status_code in (200, 204), revoked.text
                began = monotonic()
                eventually(lambda: client.get("/api/v2/pets").status_code == 401, 5.0)
                assert monotonic() - began <= 5.0
            finally:
                engines.valkey.thaw()


def name_of(client: httpx.Client, pet: str) -> str:
    answer = client.get(f"/api/v2/pets/{pet}")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["name"])


def rename(served: Served, pet: str, name: str) -> float:
    """The instant from which every answer may be expected to have the new name."""
    assert served.client.patch(f"/api/v2/pets/{pet}", json={"name": name}).status_code == 200
    return monotonic()


def test_news_of_a_write_reaches_the_other_process_at_once(house: House, networked: Networked) -> None:
    """What one process wrote is seen by another well within a second, though that one had it in its memory."""
    here = networked.served
    with house(database_url=here.database_url) as there:
        pet = here.pet(name="Before")["id"]
        eventually(lambda: there.app.resources.bulletin.connected)
        for number in range(5):
            name_of(there.client, pet)
            rename(here, pet, f"After {number}")
            eventually(lambda wanted=f"After {number}": name_of(there.client, pet) == wanted, 1.0)


def test_a_cached_answer_is_never_older_than_its_promise(house: House, networked: Networked) -> None:
    """With the bulletin cut, another process shows what was replaced for the five seconds it promises at most."""
    here, redis = networked.served, networked.redis
    with house(database_url=here.database_url) as there:
        pet = there.pet(name="Old")["id"]
        assert name_of(here.client, pet) == "Old"
        redis.set("silent")
        written = rename(there, pet, "New")
        eventually(lambda: name_of(here.client, pet) == "New", 5.0)
        assert monotonic() - written <= 5.0
        redis.set("pass")
        eventually(lambda: here.app.resources.bulletin.connected, RECOVERED)
        assert name_of(here.client, pet) == "New"
