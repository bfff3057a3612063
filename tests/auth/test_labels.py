"""What people read beside the ids of the audit log and of who is near a limit."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import House
from tests.house import NO_TLS, Served

PASSWORD = "a long password of nobody"
Makes = Callable[..., tuple[str, httpx.Client]]


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house() as running:
        yield running


@pytest.fixture(scope="module")
def person(served: Served) -> Makes:
    """Makes a user with these roles: the address, and a client that calls as them."""

    def make(*roles: str) -> tuple[str, httpx.Client]:
        email = f"{uuid4()}@example.org"
        body = {"email": email, "name": "Somebody", "password": PASSWORD, "roles": roles}
        assert served.client.post("/api/v2/users", json=body).status_code == 201
        login = served.anonymous.post("/auth/login", json={"email": email, "password": PASSWORD})
        bearer = {"Authorization": f"Bearer {login.json()['access_token']}"}
        return email, httpx.Client(base_url=served.url, headers=bearer, timeout=30, verify=NO_TLS)

    return make


def made(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v2/{path}", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def labels(client: httpx.Client, subject: str) -> set[tuple[str | None, str | None]]:
    """Of actor and subject, in the entries about it."""
    answer = client.get("/api/v2/audit", params={"subject": subject})
    assert answer.status_code == 200, answer.text
    return {(entry["actor_label"], entry["subject_label"]) for entry in answer.json()["data"]}


def test_entries_say_who_in_words(served: Served, person: Makes) -> None:
    """A user is shown by the address, a key by its name and public id, a client by its name, a tenant by its slug."""
    email, boss = person("admin")
    key = made(boss, "keys", name="CI", scopes=[])
    client = made(boss, "oauth-clients", name="Payroll", scopes=["pets:write"])
    made(boss, "tenants", slug="labelled", name="Another name")
    member = made(boss, "users", email="new@labels.example", name="New")
    assert labels(boss, f"key:{key['id']}") == {(email, f"CI ({key['public_id']})")}
    assert labels(boss, f"client:{client['id']}") == {(email, "Payroll")}
    assert labels(boss, f"user:{member['id']}") == {(email, "new@labels.example")}
    assert (email, "labelled") in labels(boss, "tenant:*")
    assert boss.patch(f"/api/v2/keys/{key['id']}", json={"name": "CD"}).status_code == 200
    assert labels(boss, f"key:{key['id']}") == {(email, f"CD ({key['public_id']})")}, "as it is called now"


def test_who_is_gone_keeps_the_id_alone(served: Served, person: Makes) -> None:
    """Of a user who was removed nothing but the id is shown, neither as actor nor as subject."""
    email, boss = person("admin")
    me = boss.get("/auth/me").json()["user_id"]
    key = made(boss, "keys", name="Theirs", scopes=[])
    assert labels(served.client, f"key:{key['id']}") == {(email, f"Theirs ({key['public_id']})")}
    assert served.client.delete(f"/api/v2/users/{me}").status_code == 204
    assert labels(served.client, f"key:{key['id']}") == {(None, f"Theirs ({key['public_id']})")}
    assert {subject for _, subject in labels(served.client, f"user:{me}")} == {None}


def test_only_what_the_asker_may_see_has_a_label(served: Served, person: Makes) -> None:
    """The audit log alone opens nobody's addresses nor the names of keys: each kind needs its own permission."""
    email, boss = person("admin")
    key = made(boss, "keys", name="Secret project", scopes=[])
    for scopes, seen in (
        (["audit:read"], (None, None)),
        (["audit:read", "users:read"], (email, None)),
        (["audit:read", "keys:read"], (None, f"Secret project ({key['public_id']})")),
    ):
        with served.with_key(served.key(*scopes)) as reader:
            assert labels(reader, f"key:{key['id']}") == {seen}
