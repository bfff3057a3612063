"""Who gets in: credentials, tickets, origins, and how many."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.conftest import House
from tests.house import Served, eventually
from tests.realtime.client import socket, stream


@contextmanager
def refused(status: int, code: str) -> Iterator[None]:
    """The handshake inside is answered with this problem."""
    with pytest.raises(InvalidStatus) as caught:
        yield
    response = caught.value.response
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = json.loads(response.body or b"")
    assert problem["errors"][0]["code"] == code
    assert problem["instance"] == "/ws"


def ticket_of(client: httpx.Client) -> str:
    answer = client.post("/api/v2/realtime/tickets")
    assert answer.status_code == 201, answer.text
    text: str = answer.json()["data"]["ticket"]
    return text


class TestCredentials:
    def test_nobody_hears_what_everybody_may_read(self, told: Served) -> None:
        """Without credentials public channels are heard, over both ways."""
        with socket(told.url, None) as one, stream(told.url, "pets", None) as events:
            one.subscribe("pets")
            assert one.ask(type="subscribe", channel="events")["code"] == "NOT_FOUND"
            events.events(1, "subscribed")

    def test_channels_can_be_listed(self, told: Served) -> None:
        """Who says who they are reads which channels there are, and which facts each shows."""
        found = {one["name"]: one["events"] for one in told.client.get("/api/v2/realtime/channels").json()["data"]}
        assert (found["pets.{id}"], found["tasks.{id}"], found["events"]) == (["pet.*"], ["task.*"], ["*"])
        assert told.anonymous.get("/api/v2/realtime/channels").status_code == 401

    def test_wrong_credentials(self, told: Served) -> None:
        """They are refused with 401 like on any route, though the channel is public."""
        with refused(401, "INVALID_CREDENTIALS"), socket(told.url, "wrong"):
            pass

    def test_a_bearer_token(self, told: Served) -> None:
        """A token in the header is as good as a key."""
        account = {"email": "hears@example.org", "name": "Hears", "password": "correct horse battery"}
        told.anonymous.post("/api/v2/auth/register", json=account).raise_for_status()
        entered = told.anonymous.post("/api/v2/auth/login", json={k: account[k] for k in ("email", "password")})
        bearer = {"Authorization": f"Bearer {entered.json()['data']['access_token']}"}
        with socket(told.url, None, additional_headers=bearer) as one:
            one.subscribe("pets")

    def test_every_handshake_is_told_its_request_id(self, told: Served) -> None:
        """The answer to a handshake has the headers of any answer."""
        with socket(told.url) as one:
            response = one.connection.response
            assert response is not None
            assert response.headers["x-request-id"]
            assert response.headers["x-content-type-options"] == "nosniff"


class TestTickets:
    def test_once(self, told: Served) -> None:
        """A ticket lets in once, as the caller who got it; the second time it is worth nothing."""
        ticket = ticket_of(told.client)
        with socket(told.url, None, query={"ticket": ticket}) as one:
            one.subscribe("events")
        with refused(401, "INVALID_CREDENTIALS"), socket(told.url, None, query={"ticket": ticket}):
            pass

    def test_for_a_stream(self, told: Served) -> None:
        """The same for a stream."""
        with stream(told.url, "events", None, query={"ticket": ticket_of(told.client)}) as events:
            events.events(1, "subscribed")

    def test_too_old(self, house: House) -> None:
        """After its time a ticket is worth nothing, and nothing is left of it."""
        with house(REALTIME__TICKET_SECONDS="1") as served:
            ticket = ticket_of(served.client)
            redis = served.app.resources.redis
            eventually(lambda: not served.run(lambda: redis.execute("KEYS", "*:ticket:*")))
            with refused(401, "INVALID_CREDENTIALS"), socket(served.url, None, query={"ticket": ticket}):
                pass

    def test_of_a_revoked_key(self, told: Served) -> None:
        """A ticket is worth what the credential behind it is worth at the time of its use."""
        key = told.client.post("/api/v2/keys", json={"name": "short", "scopes": ["pets:write"]}).json()["data"]
        with told.with_key(key["key"]) as client:
            ticket = ticket_of(client)
        told.client.delete(f"/api/v2/keys/{key['id']}").raise_for_status()
        with refused(401, "INVALID_CREDENTIALS"), socket(told.url, None, query={"ticket": ticket}):
            pass

    def test_redis_learns_neither_ticket_nor_credential(self, told: Served) -> None:
        """What is stored for a ticket holds it neither in name nor in value, nor the key behind it."""
        key = told.key("pets:write")
        with told.with_key(key) as client:
            ticket = ticket_of(client)
        redis = told.app.resources.redis
        names = told.run(lambda: redis.execute("KEYS", "*:ticket:*"))
        kept = b"".join(names) + b"".join(told.run(lambda name=name: redis.execute("GET", name)) for name in names)
        assert names
        assert ticket.encode() not in kept
        assert key.encode() not in kept
        assert key[9:].encode() not in kept

    def test_needs_an_account(self, told: Served) -> None:
        """Who proves nothing gets no ticket."""
        assert told.anonymous.post("/api/v2/realtime/tickets").status_code == 401

    def test_unknown(self, told: Served) -> None:
        """An invented ticket is refused, not taken for an anonymous caller's visit."""
        for invented in ("x", "y" * 100, "ü"):
            with refused(401, "INVALID_CREDENTIALS"), socket(told.url, None, query={"ticket": invented}):
                pass


class TestOrigins:
    def test_pages_of_strangers(self, told: Served) -> None:
        """A browser's page of another origin gets no socket, whatever it shows."""
        for origin in ("https://evil.example", "null", "https://api.example.org.evil.example", "file://"):
            with refused(403, "FORBIDDEN"), socket(told.url, origin=origin):
                pass

    def test_own_and_listed_pages(self, house: House) -> None:
        """Pages of the deployment's own origin, of the host that is asked and of listed ones do."""
        with house(HTTP__CORS_ORIGINS="https://console.example.org") as served:
            for origin in ("https://api.example.org", served.url, "https://console.example.org"):
                with socket(served.url, origin=origin) as one:
                    one.subscribe("pets")


class TestRoom:
    def test_of_a_caller(self, house: House) -> None:
        """A caller has no more connections than it may; closing one makes room, and others have their own."""
        with house(REALTIME__CONNECTIONS_PER_CALLER="1") as served:
            with socket(served.url):
                with refused(429, "RATE_LIMITED"), socket(served.url):
                    pass
                with socket(served.url, served.key("pets:write")), socket(served.url, None):
                    pass
            eventually(lambda: not served.app.realtime._open)
            with socket(served.url) as one:
                one.subscribe("pets")

    def test_of_the_process(self, house: House) -> None:
        """A process takes no more connections than it may: then it answers 503 with the time to wait."""
        with house(REALTIME__CONNECTIONS="1") as served, stream(served.url, "pets"):
            with refused(503, "UNAVAILABLE"), socket(served.url):
                pass
            assert served.client.get("/api/v2/stream?channels=pets").headers["retry-after"] == "5"


class TestOtherAddresses:
    def test_plain_http(self, told: Served) -> None:
        """`/ws` without an upgrade says what is needed."""
        answer = told.client.get("/ws")
        assert answer.status_code == 426
        assert answer.headers["upgrade"] == "websocket"

    def test_a_socket_elsewhere(self, told: Served) -> None:
        """A handshake elsewhere is refused: 405 where there is something else, 404 where there is nothing."""
        for path, status in (("/api/v2/pets", 405), ("/nowhere", 404), ("/api/v2/stream?channels=pets", 405)):
            with pytest.raises(InvalidStatus) as caught:
                connect(told.url.replace("http", "ws", 1) + path, proxy=None)
            assert caught.value.response.status_code == status
