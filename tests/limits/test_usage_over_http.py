"""Who may see who is near a limit, and what is shown of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.conftest import House
from tests.house import ADMIN_KEY, NO_TLS, Served, eventually
from tests.redis.topologies import clustered, watched
from tests.redis.valkey_process import ValkeyProcess

USAGE = "/api/v2/limits/usage"
PASSWORD = "a long password of nobody"


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house() as running:
        for name, rate in (("four", "4/hour"), ("plenty", "1000/hour")):
            assert running.client.put(f"/api/v2/plans/{name}", json={"rate": rate}).status_code == 200
        eventually(lambda: "plan.four" in running.client.get("/api/v2/limits").text)
        yield running


def callers(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get(USAGE, params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]["callers"]
    return found


@contextmanager
def administrator_of(served: Served, slug: str) -> Iterator[tuple[str, httpx.Client]]:
    """A new tenant's id, and its administrator with a token."""
    admin = {"email": f"admin@{slug}.example", "name": "Admin", "password": PASSWORD}
    made = served.client.post("/api/v2/tenants", json={"slug": slug, "name": slug, "admin": admin})
    assert made.status_code == 201, made.text
    login = served.anonymous.post(
        "/api/v2/auth/login", json={"email": admin["email"], "password": PASSWORD, "tenant": slug}
    )
    assert login.status_code == 200, login.text
    with httpx.Client(base_url=served.url, timeout=30, verify=NO_TLS) as client:
        client.headers["Authorization"] = f"Bearer {login.json()['data']['access_token']}"
        yield made.json()["data"]["id"], client


def key_of(client: httpx.Client, **members: Any) -> dict[str, Any]:
    body = {"name": "busy", "scopes": ["keys:read"], **members}
    answer = client.post("/api/v2/keys", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def exhaust(served: Served, key: str, times: int = 6) -> None:
    with served.with_key(key) as client:
        for _ in range(times):
            client.get("/api/v2/keys")


def test_a_caller_at_its_end_is_shown(served: Served) -> None:
    """By its public id, with what is used, what was refused and when it opens again; never by its secret."""
    key = key_of(served.client, plan="four")
    exhaust(served, key["key"])
    answer = served.client.get(USAGE, params={"policy": "plan.four"})
    assert answer.headers["cache-control"] == "no-store"
    data = answer.json()["data"]
    assert (data["near"], data["refused_seconds"], data["processes"], data["left_out"]) == (0.5, 300, 1, 0)
    [found] = [one for one in data["callers"] if one["id"] == f"key:{key['id']}"]
    assert (found["used"], found["quota"], found["share"], found["refused"]) == (4, 4, 1.0, 2)
    assert (found["kind"], found["open"], found["tenant"]["slug"]) == ("key", False, "default")
    assert found["label"] == f"busy ({key['public_id']})"
    assert found["opens_at"] >= found["resets_at"] > answer.json()["timestamp"]
    assert key["key"] not in answer.text
    assert ADMIN_KEY not in answer.text


def test_two_processes_are_one_answer(served: Served, house: House) -> None:
    """What one process admitted and refused is in the answer of the other."""
    key = key_of(served.client, plan="four")
    with house(database_url=served.database_url, redis_url=redis_of(served)) as other:
        eventually(lambda: "plan.four" in other.client.get("/api/v2/limits").text)
        exhaust(served, key["key"])
        exhaust(other, key["key"], 3)

        def told() -> bool:
            found = [one for one in callers(served.client) if one["id"] == f"key:{key['id']}"]
            return [(one["used"], one["refused"]) for one in found] == [(4, 5)]

        eventually(told)


def test_a_tenant_sees_its_own_and_operators_all(served: Served) -> None:
    """An administrator of a tenant is shown its callers alone and is refused others; an operator may name them."""
    with administrator_of(served, "near-one") as (tenant, admin), administrator_of(served, "near-two") as (_, other):
        served.client.patch(f"/api/v2/tenants/{tenant}", json={"plan": "four"})
        key = key_of(admin)
        eventually(lambda: attempts(served, key["key"]) == 429)
        mine = {one["id"]: one["label"] for one in callers(admin)}
        assert mine[f"key:{key['id']}"] == f"busy ({key['public_id']})"
        assert callers(other) == []
        assert f"key:{key['id']}" not in [one["id"] for one in callers(served.client)]
        foreign = {one["id"]: one["label"] for one in callers(served.client, tenant=tenant)}
        assert foreign[f"key:{key['id']}"] is None, "what a tenant calls its keys is its own"
        everybody = {one["tenant"]["slug"] for one in callers(served.client, tenant="all")}
        assert {"near-one", "default"} <= everybody
        for whose in (tenant, "all"):
            assert other.get(USAGE, params={"tenant": whose}).status_code == 403
    missing = served.client.get(USAGE, params={"tenant": "00000000-0000-7000-8000-00000000dead"})
    assert missing.status_code == 404


def attempts(served: Served, key: str) -> int:
    with served.with_key(key) as client:
        return client.get("/api/v2/keys").status_code


def test_addresses_are_for_operators(served: Served) -> None:
    """Who was counted by address is told to who may see limits; others learn that there is somebody."""
    for _ in range(11):
        served.anonymous.get("/api/v2/pets")
    [found] = callers(served.client, policy="pets.list")
    assert (found["kind"], found["id"], found["address"]) == ("address", None, "127.0.0.1")
    with served.with_key(served.key("usage:read")) as viewer:
        assert {one["label"] for one in callers(viewer)} == {None}, "keys and users are for who may see them"
        [found] = callers(viewer, policy="pets.list")
        assert (found["kind"], found["address"], found["refused"]) == ("address", None, 1)


@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": 201}, {"tenant": "mine"}, {"policy": "x" * 65}])
def test_what_cannot_be_asked_is_refused(served: Served, asked: dict[str, Any]) -> None:
    """Bounds are said, not guessed."""
    assert served.client.get(USAGE, params=asked).status_code == 422


def test_what_is_beyond_the_limit_is_counted(served: Served) -> None:
    """An answer that leaves callers out says how many."""
    for _ in range(2):
        exhaust(served, key_of(served.client, plan="four")["key"])
    whole = served.client.get(USAGE).json()["data"]
    part = served.client.get(USAGE, params={"limit": 1}).json()["data"]
    assert len(whole["callers"]) >= 2
    assert part["callers"] == whole["callers"][:1]
    assert part["left_out"] == len(whole["callers"]) - 1


def test_without_redis_it_answers_with_a_warning(house: House) -> None:
    """While Redis is away the process answers what it knows, and says that it is no more than that."""
    redis = ValkeyProcess()
    redis.start()
    try:
        with house(redis_url=redis.url, LIMITS__DEFAULT="8/hour") as running:
            redis.stop()
            for _ in range(6):
                running.client.get("/api/v2/keys")
            answer = running.client.get(USAGE)
            assert answer.status_code == 200
            assert any("Redis is away" in warning for warning in answer.json()["warnings"])
            [found] = answer.json()["data"]["callers"]
            assert (found["used"], found["open"], found["opens_at"]) == (7, None, None)
    finally:
        redis.discard()


@pytest.mark.parametrize("kind", ["sentinel", "cluster"])
def test_it_is_the_same_past_one_machine(kind: str, house: House, new_database: Callable[[], str]) -> None:
    """By Sentinel and on a Cluster two processes add up too, callers of several hash tags in one answer."""
    with clustered() if kind == "cluster" else watched() as servers:
        reached = {"database_url": new_database(), "redis_url": servers.url, "REDIS__DEADLINE": "2"}
        with house(**reached) as first, house(**reached) as second:
            login = {"email": "nobody@example.org", "password": "wrong-password"}
            answers = [one.anonymous.get("/api/v2/pets").status_code for one in (first, second) for _ in range(6)]
            logins = [one.anonymous.post("/api/v2/auth/login", json=login) for one in (first, second) for _ in range(6)]
            statuses = {"pets.list": answers, "login": [login.status_code for login in logins]}
            wanted = {name: (12 - some.count(429), some.count(429)) for name, some in statuses.items()}

            def told() -> bool:
                found = callers(first.client, tenant="all")
                return wanted == {one["policy"]: (one["used"], one["refused"]) for one in found}

            eventually(told)
            assert wanted["login"] == (5, 7)
            assert "nobody@example.org" not in first.client.get(USAGE).text


def redis_of(served: Served) -> str:
    """The address of the house's Valkey."""
    return served.app.settings.redis.url.get_secret_value()
