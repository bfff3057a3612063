"""What is told of favourites: facts with the change that makes them true, and a channel for their user."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.sync.client import connect

from esteio.realtime.channels import Channels
from esteio.services.store.channels import CHANNELS
from esteio.services.store.events import ALL
from tests.conftest import House
from tests.house import Served
from tests.store.liking import Person, person, stored_one, stranger


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house(LIMITS__ENABLED="false", TELEMETRY__ACCESS_LOG="false") as running:
        yield running


@pytest.fixture(scope="module")
def user(served: Served) -> Iterator[Person]:
    with person(served) as somebody:
        yield somebody


def facts(served: Served, user: Person) -> list[tuple[str, dict[str, Any]]]:
    rows = served.sql(
        "SELECT name, data FROM outbox WHERE subject = $1 AND name LIKE 'favorite.%' ORDER BY position", user.id
    )
    return [(row["name"], json.loads(row["data"])) for row in rows]


def test_each_change_is_a_fact_about_its_user(served: Served, user: Person) -> None:
    """Adding, changing, taking back and reviving tell one fact each; a refusal tells none."""
    product = stored_one(served, 1)
    mine = user.likes(product, review="first")
    where = f"/api/v1/favorites/{mine['id']}"
    user.client.post("/api/v1/favorites", json={"product_id": product})
    user.client.put(where, json={"product_id": product, "rating": 4})
    user.client.put(where, json={"product_id": product}, headers={"If-Match": '"1"'})
    user.client.delete(where)
    user.client.delete(where)
    again = user.likes(product)
    told = facts(served, user)
    assert [name for name, _ in told] == ["favorite.added", "favorite.changed", "favorite.removed", "favorite.added"]
    assert told[0][1]["favorite"] == mine
    assert told[1][1]["favorite"]["rating"] == 4
    removed = told[2][1]
    assert (removed["id"], removed["user_id"], removed["product_id"]) == (mine["id"], user.id, product)
    assert told[3][1]["favorite"] == again


def test_a_change_by_an_administrator_is_about_the_user(served: Served, user: Person) -> None:
    """The fact's subject is whose favourite it is, and its principal who did it."""
    mine = user.likes(stored_one(served, 2))
    with person(served, "admin") as admin:
        admin.client.delete(f"/api/v1/favorites/{mine['id']}")
        row = served.sql(
            "SELECT subject, principal FROM outbox WHERE name = 'favorite.removed' ORDER BY position DESC"
        )[0]
        assert (row["subject"], row["principal"]) == (user.id, f"user:{admin.id}")


def subscribed(served: Served, client: httpx.Client, channel: str) -> str:
    """What a socket is answered when it asks for a channel."""
    headers = {"Authorization": client.headers["authorization"]}
    with connect(served.url.replace("http", "ws") + "/ws", additional_headers=headers) as connection:
        connection.send(json.dumps({"type": "subscribe", "channel": channel}))
        answer: dict[str, Any] = json.loads(connection.recv(30))
        return str(answer["type"])


def test_a_user_hears_their_own_favourites_only(served: Served, user: Person) -> None:
    """`favorites.{user}` is open to that user and to who sees everybody's, and closed to others in the same words."""
    with person(served) as other, person(served, "admin") as admin, stranger(served) as foreign:
        assert subscribed(served, user.client, f"favorites.{user.id}") == "subscribed"
        assert subscribed(served, admin.client, f"favorites.{user.id}") == "subscribed"
        assert subscribed(served, other.client, f"favorites.{user.id}") == "error"
        assert subscribed(served, other.client, f"favorites.{uuid4()}") == "error"
        # What another tenant's administrator may listen to is a channel of that tenant: it stays silent.
        assert subscribed(served, foreign.client, f"favorites.{user.id}") == "subscribed"


def test_the_channel_shows_what_is_about_its_user() -> None:
    """Every fact of favourites goes to the channel of the user whom it is about, and to no other."""
    channels = Channels(CHANNELS)
    for event in ALL:
        assert channels.showing(event.name, "0192") == ["favorites.0192"]
    assert channels.showing("pet.created", "0192") == []
