"""Requests that need no server, tenants, and what a house reports."""

from typing import Any
from uuid import UUID

import httpx

from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.http.exchange import Exchange
from esteio.http.routing import Operation
from esteio.http.rules import Rules
from esteio.traffic.tally import Tally
from tests.house import AMPLE, NO_TLS, Served

PASSWORD = "correct horse battery"
ROUTE = "/api/v2/things"
METRICS = "/api/v2/metrics"


async def _nowhere(message: object) -> None:
    raise AssertionError(message)


def ended(
    tenant: UUID = DEFAULT_TENANT,
    route: str | None = ROUTE,
    *,
    method: str = "GET",
    status: int = 200,
    sent: int = 0,
    streams: bool = False,
    path: str = "/somewhere",
    key: UUID | None = None,
    client: UUID | None = None,
) -> Exchange:
    """A request that was answered, of somebody, a key or a client; one without a route found no operation."""
    exchange = Exchange({"method": method, "path": path}, {}, "r", "t", "127.0.0.1", "", _nowhere)
    if route is not None:
        exchange.operation = Operation(method, route, "v2", Rules(streams=streams), _nowhere, None)
        exchange.principal = _principal(tenant, key, client)
    exchange.status, exchange.sent = status, sent
    return exchange


def _principal(tenant: UUID, key: UUID | None, client: UUID | None) -> Principal:
    if key is not None:
        return Principal(f"key:{key}", tenant, "api_key", key=key)
    if client is not None:
        return Principal(f"client:{client}", tenant, "client")
    return Principal("user:x", tenant, "token")


def count(tally: Tally, number: int, seconds: float = 0.01, **what: Any) -> None:
    """So many requests that took so long each."""
    for _ in range(number):
        tally.ended(ended(**what), seconds)


def written(served: Served) -> None:
    """What the house has counted so far is in the database."""
    assert served.run(served.app.traffic.writer.write)


def reported(served: Served, clock: TurnableClock, client: httpx.Client | None = None, **query: str) -> dict[str, Any]:
    """The whole answer, made anew."""
    written(served)
    clock.turn(5)
    answer = (client or served.client).get(METRICS, params={"period": "1h", **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def route(found: dict[str, Any], name: str, method: str = "GET") -> dict[str, Any]:
    """What is reported of a route; empty where it is not."""
    rows = [row for row in found["data"]["routes"] if (row["method"], row["route"]) == (method, name)]
    return rows[0] if rows else {}


def requests(found: dict[str, Any], name: str, method: str = "GET") -> int:
    counted: int = route(found, name, method).get("requests", 0)
    return counted


def tenant(served: Served, slug: str) -> tuple[UUID, httpx.Client]:
    """A new tenant with a client of its administrator's."""
    first = {"email": f"boss@{slug}.example", "name": slug, "password": PASSWORD}
    made = served.client.post("/api/v2/tenants", json={"slug": slug, "name": slug, "admin": first})
    assert made.status_code == 201, made.text
    with entered(served, first["email"]) as boss:
        key = boss.post("/api/v2/keys", json={"name": slug, "scopes": ["*"]}).json()["data"]["key"]
    return UUID(made.json()["data"]["id"]), served.with_key(key)


def entered(served: Served, email: str) -> httpx.Client:
    """A client of somebody who has an account."""
    answer = served.anonymous.post("/api/v2/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    token = answer.json()["data"]["access_token"]
    return httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {token}"}, timeout=AMPLE, verify=NO_TLS)
