"""What the tests of capsules ask of a served house."""

import json
from typing import Any

import httpx

from tests.house import AMPLE, NO_TLS, Served

BASE = "/api/v2/capsules"
WISH: dict[str, Any] = {
    "project_name": "Orders API",
    "description": "Takes the orders of a bakery.",
    "tech_stack": ["Python", "FastAPI"],
}


def open_limit(served: Served) -> None:
    """Let tests make more capsules than callers may in a minute."""
    answer = served.client.put("/api/v2/limits/capsules.create", json={"rate": "100000/minute"})
    assert answer.status_code == 200, answer.text
    answer = served.client.put("/api/v2/limits/capsules.inspect", json={"rate": "100000/minute"})
    assert answer.status_code == 200, answer.text
    served.run(served.app.overrides.load)


def make(client: httpx.Client, **members: Any) -> dict[str, Any]:
    """A capsule that is made at once."""
    answer = client.post(BASE, json={**WISH, **members})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def order(client: httpx.Client, **members: Any) -> dict[str, Any]:
    """A capsule that a job is to make: what was answered."""
    answer = client.post(BASE, json={**WISH, "async_processing": True, **members})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def read(client: httpx.Client, capsule: str) -> dict[str, Any]:
    """The capsule as it is now."""
    answer = client.get(f"{BASE}/{capsule}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def edit(client: httpx.Client, capsule: str, **files: str | None) -> httpx.Response:
    """Write or remove files; `src__main_py` cannot say every path, so `edits` takes them as they are."""
    return edits(client, capsule, files)


def edits(client: httpx.Client, capsule: str, files: dict[str, str | None]) -> httpx.Response:
    """Write files, remove those whose content is `None`."""
    listed = [{"path": path, "content": content} for path, content in files.items()]
    return client.patch(f"{BASE}/{capsule}", json={"files": listed})


def person(served: Served, name: str, *roles: str) -> httpx.Client:
    """A signed-in user of the default tenant with these roles."""
    email, password = f"{name}@example.org", "correct horse battery"
    body = {"email": email, "name": name, "password": password, "roles": list(roles)}
    made = served.client.post("/api/v2/users", json=body)
    assert made.status_code == 201, made.text
    login = served.anonymous.post("/api/v2/auth/login", json={"email": email, "password": password})
    assert login.status_code == 200, login.text
    token = login.json()["data"]["access_token"]
    return httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {token}"}, timeout=AMPLE, verify=NO_TLS)


def quotas(client: httpx.Client) -> dict[str, int]:
    """What the organisation has used of each quota."""
    return {line["name"]: line["used"] for line in client.get("/api/v2/quotas").json()["data"]}


def give_plan(served: Served, name: str, **amounts: int) -> None:
    """Put the default tenant on a plan with these quotas; `capsules_exports` is `capsules.exports`."""
    assert served.client.put(f"/api/v2/plans/{name}", json={"rate": "100000/minute"}).status_code == 200
    for quota, amount in amounts.items():
        place = f"/api/v2/plans/{name}/quotas/{quota.replace('_', '.', 1)}"
        answer = served.client.put(place, json={"amount": amount})
        assert answer.status_code == 200, answer.text
    tenant = "00000000-0000-7000-8000-000000000001"
    answer = served.client.patch(f"/api/v2/tenants/{tenant}", json={"plan": name})
    assert answer.status_code == 200, answer.text


def facts(served: Served, capsule: str) -> list[str]:
    """The names of the facts that were told of a capsule, in their order."""
    rows = served.sql("SELECT name FROM outbox WHERE subject = $1 ORDER BY position", capsule)
    return [row["name"] for row in rows]


def fact(served: Served, capsule: str, name: str) -> dict[str, Any]:
    """The data of the last fact of this name."""
    rows = served.sql(
        "SELECT data FROM outbox WHERE subject = $1 AND name = $2 ORDER BY position DESC LIMIT 1", capsule, name
    )
    found: dict[str, Any] = json.loads(rows[0]["data"])
    return found
