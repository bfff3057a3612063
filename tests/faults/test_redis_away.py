"""Valkey behind a network that refuses, resets, is slow or silent; and Valkey frozen, killed, started empty."""

from time import monotonic

import httpx
import pytest

from esteio.embedded.engines import Engines
from tests.conftest import House
from tests.faults.calls import Calls, Told, some_attempt
from tests.faults.conftest import DEADLINE, Networked
from tests.faults.proxy import Mode
from tests.house import Served, eventually, last_held

WITHIN = 2.0
OPEN = {"public read", "cached read", "keyed read", "stored key", "write", "login", "health"}
"""Kinds whose limits let callers pass while the shared counter is gone."""


@pytest.fixture(scope="module")
def calls(networked: Networked) -> Calls:
    return Calls(networked.served)


@pytest.fixture(autouse=True)
def well(networked: Networked, calls: Calls) -> None:
    networked.redis.set("pass")
    eventually(lambda: calls.all_well() and in_touch(networked.served))


def in_touch(served: Served) -> bool:
    """Whether a house tells and hears news. Limits that had units at hand may look well long before."""
    return served.app.resources.redis.available and served.app.resources.bulletin.connected


def wrong(told: Told) -> bool:
    allowed = (200, 201) if told.kind in OPEN | {"livez"} else (200, 503)
    return told.status not in allowed


@pytest.mark.parametrize("mode", ["refuse", "silent", "reset", "slow"])
def test_every_route_answers_by_its_policy(networked: Networked, calls: Calls, mode: Mode) -> None:
    """Without a usable Redis every answer comes within 2 s: success where limits fail open, 503 where they are closed.

    No request fails in any other way, and everything is as before within 10 s of its return.
    """

    def late() -> list[str]:
        networked.redis.set(mode)
        end = monotonic() + (0.7 if mode in ("refuse", "silent") else 2.5)
        told: list[Told] = []
        while monotonic() < end:
            told += calls.at_once()
        networked.redis.set("pass")
        assert [str(one) for one in told if wrong(one)] == []
        calls.recover()
        return [str(one) for one in told if one.seconds > WITHIN]

    some_attempt(late)


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
    eventually(lambda: decided_alone(served) >= before + 2)
    networked.redis.set("pass")
    eventually(lambda: calls.call("public read").json()["warnings"] == [])


def decided_alone(served: Served) -> float:
    """What the metrics say of requests under `default` that were admitted without Redis."""
    lines = served.client.get("/metrics").text.splitlines()
    name = 'esteio_limit_decisions_total{outcome="approximate",policy="default"'
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@pytest.mark.parametrize("mode", ["refuse", "silent"])
def test_closed_limits_refuse_and_say_when_to_come_back(networked: Networked, calls: Calls, mode: Mode) -> None:
    """A limit that fails closed is a 503 with Retry-After, and makes the process not ready; it goes on living."""
    redis = networked.served.app.resources.redis
    networked.redis.set(mode)
    eventually(lambda: calls.call("strict").status == 503)
    tries: list[int] = []
    for _ in range(10):
        before = redis.round_trips
        told = calls.call("strict")
        tries.append(redis.round_trips - before)
        assert told.status == 503
        assert int(told.headers["retry-after"]) >= 1
        assert told.json()["errors"][0]["code"] == "UNAVAILABLE"
    assert min(tries) == 0, "what is known to be down is tried by a probe now and then, not by each request"
    eventually(lambda: calls.call("readyz").status == 503)
    assert calls.call("livez").status == 200


def test_a_house_whose_limits_fail_open_stays_ready(house: House) -> None:
    """Redis away is no reason to send no requests where nothing needs it."""
    with house(redis_url="redis://127.0.0.1:1/0") as served:
        eventually(lambda: served.anonymous.get("/readyz").status_code == 200)
        assert served.pet()["name"] == "Rex"


def test_connections_to_redis_are_as_before_after_an_outage(networked: Networked, calls: Calls) -> None:
    """A crowd during an outage leaves no connection behind."""
    calls.at_once(["public read", "write", "strict"], times=10)
    networked.redis.set("silent")
    calls.at_once(["public read", "write", "strict"], times=10)
    networked.redis.set("pass")
    calls.recover()
    eventually(lambda: networked.redis.lines <= 33)


def test_valkey_restarted_empty_heals(networked: Networked, calls: Calls, engines: Engines) -> None:
    """A Valkey that lost everything is used again within 10 s: limits exact, news heard, no request failed with 500."""

    def late() -> list[str]:
        engines.valkey.kill()
        told = calls.at_once()
        engines.valkey.start()
        assert [str(one) for one in told if wrong(one)] == []
        calls.recover()
        return [str(one) for one in told if one.seconds > WITHIN]

    some_attempt(late)
    eventually(lambda: in_touch(networked.served))
    eventually(lambda: calls.call("public read").json()["warnings"] == [])


def test_a_revoked_key_is_refused_within_five_seconds_while_valkey_is_frozen(
    house: House, engines: Engines, networked: Networked
) -> None:
    """R10: no news arrives, and yet another process believes a revoked key for five seconds at most."""
    here = networked.served
    with house(database_url=here.database_url, REDIS__DEADLINE=DEADLINE) as there:
        made = here.client.post("/api/v2/keys", json={"name": "doomed", "scopes": ["pets:write"]}).json()["data"]
        with there.with_key(made["key"]) as client:
            assert client.get("/api/v2/pets").status_code == 200
            engines.valkey.freeze()
            try:
                revoked = here.client.delete(f"/api/v2/keys/{made['id']}")
                assert revoked.status_code in (200, 204), revoked.text
                answered = monotonic()
                believed = last_held(lambda: client.get("/api/v2/pets").status_code == 200)
                assert client.get("/api/v2/pets").status_code == 401
                assert believed - answered <= 5.0
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
    """What one process wrote is seen by another well within a second, though that one had it in its memory.

    Told by the median of five: without any news it would be seen when the memory ends, which is after five seconds.
    """
    here = networked.served
    with house(database_url=here.database_url) as there:
        pet, taken = here.pet(name="Before")["id"], []
        for number in range(5):
            eventually(lambda: in_touch(here) and in_touch(there))
            old, new = name_of(there.client, pet), f"After {number}"
            written = rename(here, pet, new)
            taken.append(last_held(lambda old=old: name_of(there.client, pet) == old) - written)
            assert name_of(there.client, pet) == new
        assert sorted(taken)[2] < 1.0, taken


def test_a_cached_answer_is_never_older_than_its_promise(house: House, networked: Networked) -> None:
    """With the bulletin cut, another process shows what was replaced for the five seconds it promises at most."""
    here, redis = networked.served, networked.redis
    with house(database_url=here.database_url) as there:
        pet = there.pet(name="Old")["id"]
        assert name_of(here.client, pet) == "Old"
        redis.set("silent")
        written = rename(there, pet, "New")
        assert last_held(lambda: name_of(here.client, pet) == "Old") - written <= 5.0
        redis.set("pass")
        eventually(lambda: here.app.resources.bulletin.connected)
        assert name_of(here.client, pet) == "New"
