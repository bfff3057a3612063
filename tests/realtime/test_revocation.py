"""Who may not listen any more is closed, however the news of it travels."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from esteio.embedded.engines import Engines
from tests.conftest import House
from tests.faults.conftest import postgres_socket, through, valkey_socket
from tests.faults.proxy import Proxy, proxied
from tests.house import Served, eventually
from tests.realtime.client import numbers, socket, stream, tell
from tests.realtime.conftest import ROOM

BOUND = 5.0
"""Seconds in which a revocation has reached every open connection."""


@dataclass
class Fragile:
    served: Served
    database: Proxy
    redis: Proxy


@pytest.fixture
def fragile(engines: Engines, house: House, new_database: Callable[[], str]) -> Iterator[Fragile]:
    """A house whose ways to the engines can be silenced; what it has proved it believes for a second."""
    url = new_database()
    with proxied(postgres_socket(engines)) as database, proxied(valkey_socket(engines)) as redis:
        changes = {"AUTH__FRESHNESS_SECONDS": "1", "REDIS__DEADLINE": "0.25", **ROOM}
        redis_url = f"redis://127.0.0.1:{redis.port}/0"
        with house(database_url=through(database, url), redis_url=redis_url, **changes) as served:
            served.database_url = url
            try:
                yield Fragile(served, database, redis)
            finally:
                database.set("pass")
                redis.set("pass")


@contextmanager
def within_the_bound() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < BOUND


def made_key(served: Served) -> tuple[str, str]:
    """A key and its id."""
    made = served.client.post("/api/v2/keys", json={"name": "short", "scopes": ["pets:write"]}).json()["data"]
    return made["key"], made["id"]


def test_a_revoked_key_closes_socket_and_stream(told: Served) -> None:
    """With the news travelling, both are closed within five seconds, and told why; other callers stay."""
    key, number = made_key(told)
    with socket(told.url, key) as one, stream(told.url, "pets", key) as events, socket(told.url) as other:
        one.subscribe("pets")
        other.subscribe("pets")
        events.events(1, "subscribed")
        with within_the_bound():
            told.client.delete(f"/api/v2/keys/{number}").raise_for_status()
            assert one.closed() == (4401, "your credentials have ended")
            (last,) = events.events(1, "closed")
            assert last.data["code"] == 4401
            assert events.event() is None
        tell(told, 1)
        assert numbers(other.events(1)) == [1]


def test_when_no_news_comes(fragile: Fragile) -> None:
    """The same holds where Redis is silent and the key was revoked by another process."""
    served = fragile.served
    key, number = made_key(served)
    with socket(served.url, key) as one, stream(served.url, "pets", key) as events:
        one.subscribe("pets")
        events.events(1, "subscribed")
        fragile.redis.set("silent")
        with within_the_bound():
            served.sql("UPDATE api_keys SET revoked_at = now() WHERE id = $1::text::uuid", number)
            assert one.closed()[0] == 4401
            assert events.events(1, "closed")[0].data["code"] == 4401


def test_without_proof_nobody_listens_on(fragile: Fragile) -> None:
    """With Redis and the database silent nothing can be proved: nobody is taken for who they were, all come later."""
    served = fragile.served
    with socket(served.url, made_key(served)[0]) as one:
        one.subscribe("pets")
        fragile.redis.set("silent")
        fragile.database.set("silent")
        with within_the_bound():
            assert one.closed()[0] == 1013


def test_a_session_that_ends_closes_its_socket(told: Served) -> None:
    """Logging out closes what was opened with the session's token."""
    account = {"email": "leaves@example.org", "name": "Leaves", "password": "correct horse battery"}
    told.anonymous.post("/api/v2/auth/register", json=account).raise_for_status()
    login = {name: account[name] for name in ("email", "password")}
    entered = told.anonymous.post("/api/v2/auth/login", json=login).json()["data"]
    bearer = {"Authorization": f"Bearer {entered['access_token']}"}
    with socket(told.url, None, additional_headers=bearer) as one:
        one.subscribe("pets")
        with within_the_bound():
            told.anonymous.post("/api/v2/auth/logout-all", headers=bearer).raise_for_status()
            assert one.closed()[0] == 4401


def test_a_lost_permission_ends_what_it_allowed(told: Served) -> None:
    """The subscription that the permission allowed ends with an error; the others of the connection go on."""
    told.client.post("/api/v2/roles", json={"name": "ears", "permissions": ["webhooks:read"]}).raise_for_status()
    account = {"email": "ears@example.org", "name": "Ears", "password": "correct horse battery", "roles": ["ears"]}
    told.client.post("/api/v2/users", json=account).raise_for_status()
    login = {name: account[name] for name in ("email", "password")}
    token = told.anonymous.post("/api/v2/auth/login", json=login).json()["data"]["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    with (
        socket(told.url, None, additional_headers=bearer) as one,
        stream(told.url, "pets,events", None, headers=bearer) as events,
    ):
        one.subscribe("events")
        one.subscribe("pets")
        events.events(2, "subscribed")
        told.client.patch("/api/v2/roles/ears", json={"permissions": []}).raise_for_status()
        lost = one.hear()
        assert (lost["type"], lost["code"], lost["channel"]) == ("error", "NOT_FOUND", "events")
        tell(told, 1)
        assert [(message["channel"], message["data"]["n"]) for message in one.events(1)] == [("pets", 1)]
        assert one.ask(type="ping") == {"type": "pong"}
        assert events.events(1, "closed")[0].data["code"] == 4403


def test_a_credential_that_stays_is_left_alone(fragile: Fragile) -> None:
    """Outages of Redis and lapses of memory close nobody whose credential is good."""
    served = fragile.served
    key, _ = made_key(served)
    with socket(served.url, key) as one:
        one.subscribe("pets")
        fragile.redis.set("refuse")
        eventually(lambda: not served.app.resources.bulletin.connected)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            assert one.ask(type="ping") == {"type": "pong"}
        fragile.redis.set("pass")
        eventually(lambda: served.app.resources.bulletin.connected)
        assert one.ask(type="ping") == {"type": "pong"}
