"""What two releases do side by side on one database: each writes, and the other reads and goes on."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.house import eventually
from tests.upstream.receiver import Receiver

PASSWORD = "correct horse battery staple"
_MINUTES_AGO = timedelta(minutes=5)


@dataclass(frozen=True)
class Side:
    """One release's API. Every answer that is not the one expected fails, in words."""

    client: httpx.Client
    name: str

    def ask(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        request = self.client.build_request(method, path, **options)
        if "Authorization" in request.headers:
            del request.headers["X-API-Key"]
        answer = self.client.send(request)
        assert answer.status_code == status, f"{self.name}: {method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json().get("data") if answer.content else None

    def task(self, task: str) -> dict[str, Any]:
        """The task once it has ended."""

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = self.ask("GET", f"/api/v2/tasks/{task}")
            return found if found["state"] in ("succeeded", "failed", "cancelled") else None

        found: dict[str, Any] = eventually(ended, 60)
        assert found["state"] == "succeeded", found
        return found


def pets(one: Side, other: Side) -> None:
    """Made here, changed there, fed here, deleted there and restored here."""
    made = one.ask("POST", "/api/v2/pets", 201, json={"name": "Rex", "species": "dog", "notes": "bites", "sex": "male"})
    path = f"/api/v2/pets/{made['id']}"
    assert other.ask("GET", path)["notes"] == "bites"
    changed = other.ask("PATCH", path, json={"notes": "bites no more", "weight_kg": 12.5})
    assert one.ask("GET", path)["version"] == changed["version"]
    one.ask("POST", f"{path}/feedings", 201, json={"food": "meat", "grams": 200})
    assert len(other.ask("GET", f"{path}/feedings")) == 1
    other.ask("DELETE", path, 204)
    assert one.ask("POST", f"{path}/restore")["notes"] == "bites no more"
    assert made["id"] in {pet["id"] for pet in other.ask("GET", "/api/v2/pets")}


def accounts(one: Side, other: Side, number: int) -> None:
    """Who registers here logs in there; a key that is made here opens there until it is revoked there."""
    email = f"person{number}@example.org"
    one.ask("POST", "/api/v2/auth/register", 201, json={"email": email, "password": PASSWORD, "name": "P"})
    tokens = other.ask("POST", "/api/v2/auth/login", json={"email": email, "password": PASSWORD})
    held = {"Authorization": f"Bearer {tokens['access_token']}"}
    one.ask("POST", "/api/v2/favorites", 201, json={"product_id": 3}, headers=held)
    one.ask("POST", "/api/v2/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    key = one.ask("POST", "/api/v2/keys", 201, json={"name": "made here", "scopes": ["pets:write"]})
    as_key = {"X-API-Key": key["key"]}
    other.ask("POST", "/api/v2/pets", 201, json={"name": "Ada", "species": "cat"}, headers=as_key)
    other.ask("DELETE", f"/api/v2/keys/{key['id']}", 204)
    eventually(lambda: one.client.get("/api/v2/keys", headers=as_key).status_code == 401, 20)


def repeats(one: Side, other: Side, number: int) -> None:
    """A request that is sent again to the other release does nothing a second time."""
    once = {"Idempotency-Key": f"the-same-request-{number}"}
    body = {"name": "Once", "species": "dog"}
    made = one.ask("POST", "/api/v2/pets", 201, json=body, headers=once)
    assert other.ask("POST", "/api/v2/pets", 201, json=body, headers=once)["id"] == made["id"]


def outages(one: Side, other: Side, number: int) -> None:
    """An outage is reported here, seen and closed there, counted in both."""
    began = datetime.now(UTC) - _MINUTES_AGO
    body = {"started_at": began.isoformat(), "conjunto": 12727, "municipio": 1400100, "affected": 45}
    path = f"/api/v2/outages/out-{number}"
    one.ask("PUT", path, 201, json=body)
    assert other.ask("GET", path)["affected"] == 45
    other.ask("PUT", path, 200, json={**body, "affected": 30})
    assert one.ask("GET", "/api/v2/outages/summary") is not None


def shop(one: Side, other: Side) -> None:
    """Products are fetched here and shown there too; an order of a book is begun here and changed there."""
    product = "/api/v2/fakestoreapi/3"
    assert one.ask("GET", product)["id"] == other.ask("GET", product)["id"]
    order = one.ask("POST", "/api/v2/petstory/orders", 201, json={"email": "a@example.org", "pet_name": "Rex"})
    path = f"/api/v2/petstory/orders/{order['link'].rpartition('/')[2]}"
    assert other.ask("PATCH", path, json={"pet_name": "Rexona"})["pet_name"] == "Rexona"
    other.ask("POST", f"{path}/cancel")
    assert one.ask("GET", path)["pet_name"] == "Rexona"


def capsules(one: Side, other: Side) -> None:
    """A capsule is made here and read there; another one is made by a job."""
    wish = {"project_name": "Orders API", "description": "Takes orders.", "tech_stack": ["Python", "FastAPI"]}
    made = one.ask("POST", "/api/v2/capsules", 201, json=wish)
    capsule = made["id"]
    assert other.ask("GET", f"/api/v2/capsules/{capsule}")["id"] == capsule
    ordered = other.ask("POST", "/api/v2/capsules", 202, json={**wish, "async_processing": True})
    one.task(ordered["job_id"])


def jobs(one: Side, other: Side) -> None:
    """An export is ordered here, run by whichever worker is there, and fetched from the other API."""
    accepted = one.ask("POST", "/api/v2/pets/export", 202, json={"format": "csv"})
    task = other.task(accepted["id"])
    link = task["result"]["url"]
    answer = other.client.get(httpx.URL(link).raw_path.decode())
    assert answer.status_code == 200 and b"Rex" in answer.content, f"{other.name}: {answer.status_code}"


def webhooks(one: Side, other: Side, receiver: Receiver, number: int) -> None:
    """An endpoint that is made here is told what happens there."""
    url = receiver.url(f"/ok/{number}")
    one.ask("POST", "/api/v2/webhooks/endpoints", 201, json={"url": url, "events": ["pet.created"]})
    made = other.ask("POST", "/api/v2/pets", 201, json={"name": "Told", "species": "dog"})
    eventually(lambda: any(made["id"].encode() in told.body for told in receiver.to(f"/ok/{number}")), 60)


def together(one: Side, other: Side, receiver: Receiver, number: int) -> None:
    """All of it, in one direction."""
    pets(one, other)
    accounts(one, other, number)
    repeats(one, other, number)
    outages(one, other, number)
    shop(one, other)
    capsules(one, other)
    jobs(one, other)
    webhooks(one, other, receiver, number)
