"""What a token is good for, told to those of its tenant who may ask, and to nobody else."""

import httpx
import pytest

from tests.auth.oauth.party import CLIENTS, PASSWORD, Party, administrator, made, me
from tests.house import ADMIN_KEY, Served, altered


@pytest.fixture(scope="module")
def asker(served: Served) -> Party:
    return made(served, "tokens:introspect")


def login(served: Served, email: str, **said: str) -> str:
    """A new user of the default tenant; their access token."""
    body = {"email": email, "name": "Somebody", "password": PASSWORD, "roles": ["user"]}
    served.client.post("/api/v2/users", json=body).raise_for_status()
    found = served.anonymous.post("/auth/login", json={"email": email, "password": PASSWORD})
    token: str = found.json()["access_token"]
    return token


def test_a_clients_token(served: Served, asker: Party, party: Party) -> None:
    """A living token of another client is told with what it may do now."""
    said = asker.asks(party.token("pets:write"))
    assert said["active"] is True
    assert (said["scope"], said["client_id"]) == ("pets:write", party.client_id)
    assert (said["sub"], said["token_type"]) == (f"client:{party.id}", "Bearer")
    assert said["exp"] - said["iat"] == 900
    assert said["iss"] == "https://api.example.org"


def test_what_is_taken_away_is_not_told(served: Served, asker: Party) -> None:
    """The scope is what the client holds at this moment, whatever the token was made with."""
    other = made(served, "pets:write", "capsules:read")
    token = other.token()
    assert asker.asks(token)["scope"] == "capsules:read pets:write"
    served.client.patch(f"{CLIENTS}/{other.id}", json={"scopes": ["pets:write"]}).raise_for_status()
    assert asker.asks(token)["scope"] == "pets:write"


def test_a_users_token(served: Served, asker: Party) -> None:
    """A user's access token is told as its user's; after they have logged out it is not active."""
    token = login(served, "seen@example.org")
    who = me(served.url, token).json()
    said = asker.asks(token)
    assert (said["active"], said["sub"], said["username"]) == (True, who["user_id"], "Somebody")
    served.anonymous.post("/auth/logout", json={}, headers={"Authorization": f"Bearer {token}"})
    assert asker.asks(token) == {"active": False}


def test_no_token(served: Served, asker: Party) -> None:
    """Nonsense, altered tokens and other credentials of the house are not active, and no more is said."""
    token = asker.token()
    for text in ("x", "a.b.c", altered(token, -9), asker.secret, ADMIN_KEY, served.key("pets:write")):
        assert asker.asks(text) == {"active": False}


def test_another_tenants_token(served: Served, asker: Party, party: Party) -> None:
    """A living token of another tenant is not active for whoever asks from this one, in either direction."""
    with administrator(served, "inquiring") as boss:
        theirs = made(served, "tokens:introspect", client=boss)
    assert asker.asks(theirs.token()) == {"active": False}
    assert theirs.asks(party.token()) == {"active": False}
    assert theirs.asks(theirs.token())["active"] is True


def test_who_may_not_ask(served: Served, party: Party) -> None:
    """A client without the scope is told so; who is no client at all is not told anything."""
    answer = party.post("introspect", token=party.token())
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    anonymous = httpx.post(f"{served.url}/oauth/introspect", data={"token": party.token()})
    assert (anonymous.status_code, anonymous.json()["error"]) == (401, "invalid_client")
    key = httpx.post(f"{served.url}/oauth/introspect", data={"token": "x"}, headers={"X-API-Key": ADMIN_KEY})
    assert key.status_code == 401


def test_a_request_names_a_token(asker: Party) -> None:
    """Without one it is malformed, and its answer is kept by nobody."""
    answer = asker.post("introspect")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert asker.post("introspect", token="x").headers["cache-control"] == "no-store"
