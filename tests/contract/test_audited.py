"""Every administrative act leaves an entry in the audit log, and so does every refusal of one."""

from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from esteio.auth.audit import MOST
from esteio.auth.permissions import ADMINISTRATION, area
from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.http.routing import Operation
from tests.conftest import House
from tests.contract.operations import ALL, MAILS, address, body_of, call, make, name_of, resource_for
from tests.house import Served

READS = ("GET", "HEAD")

NAMED: dict[str, tuple[str, Any]] = {
    "PUT /api/v2/plans/{name}": ("/api/v2/plans/audited", None),
    "DELETE /api/v2/plans/{name}": ("/api/v2/plans/audited", None),
    "PUT /api/v2/limits/{name}": ("/api/v2/limits/pets.read", {"rate": "70/minute"}),
    "DELETE /api/v2/limits/{name}": ("/api/v2/limits/pets.read", None),
    "PUT /api/v2/tenants/{tenant_id}/quotas/{quota}": ("{tenant}/quotas/{quota}", None),
    "DELETE /api/v2/tenants/{tenant_id}/quotas/{quota}": ("{tenant}/quotas/{quota}", None),
    "PUT /api/v2/plans/{name}/quotas/{quota}": ("/api/v2/plans/audited/quotas/{quota}", None),
    "DELETE /api/v2/plans/{name}/quotas/{quota}": ("/api/v2/plans/audited/quotas/{quota}", None),
}
"""What an operator names, in the order in which it is made before it is removed."""

BODIES: dict[str, Any] = {
    "POST /api/v2/oauth-clients": {"name": "audited", "scopes": ["pets:write"]},
    "POST /api/v2/invitations": {"email": "invited@example.org"},
}

OF_WHAT_HAS_FAILED = {
    "POST /api/v2/webhooks/deliveries/{delivery_id}/replay",
    "POST /api/v2/webhooks/receipts/{receipt_id}/replay",
}
"""They need something that failed before: tests/webhooks shows their entries."""


def administers(operation: Operation) -> bool:
    permission = operation.rules.permission or ""
    return area(permission) in ADMINISTRATION and operation.method not in READS


ACTS = [
    one for one in ALL if administers(one) and one.path.startswith("/api/v2") and not one.path.startswith("/api/v1")
]
TRIED = [one for one in ACTS if name_of(one) not in OF_WHAT_HAS_FAILED]


@pytest.fixture(scope="module")
def managed(house: House) -> Iterator[Served]:
    with house(**MAILS) as served:
        yield served


@pytest.fixture(scope="module")
def nobody_much(managed: Served) -> httpx.Client:
    """A caller who is known and may do nothing of this."""
    return managed.with_key(managed.key("pets:write"))


def entries(served: Served, outcome: str = "done") -> list[dict[str, Any]]:
    found = served.sql("SELECT * FROM audit_log WHERE outcome = $1 ORDER BY position", outcome)
    return [dict(row) for row in found]


def path_of(served: Served, operation: Operation) -> tuple[str, Any]:
    """Where the operation is called, and with what body."""
    path, body = NAMED.get(name_of(operation), ("", None))
    if not path:
        if operation.path.startswith("/api/v2/invitations/"):
            answer = served.client.post("/api/v2/invitations", json={"email": f"{id(operation)}@example.org"})
            assert answer.status_code in (201, 202), answer.text
            return f"/api/v2/invitations/{answer.json()['data']['id']}" + operation.path.partition("_id}")[2], None
        return resource_for(served, operation), BODIES.get(name_of(operation))
    if "{quota}" in path:
        quota = next(iter(served.client.get("/api/v2/quotas").json()["data"]))["name"]
        path = path.replace("{quota}", quota)
    if path.startswith("/api/v2/plans/audited/"):
        assert served.client.put("/api/v2/plans/audited", json={"rate": "70/minute"}).status_code < 300
    if "{tenant}" in path:
        path = path.replace("{tenant}", make(served.client, "/api/v2/tenants"))
    return path, body


@pytest.mark.parametrize("operation", [pytest.param(one, id=name_of(one)) for one in TRIED])
def test_an_administrative_act_is_audited(managed: Served, operation: Operation) -> None:
    """Who did what to whom, from where and in which request is written with the act itself."""
    path, body = path_of(managed, operation)
    if operation.method == "DELETE" and name_of(operation) in NAMED:
        put = next(one for one in TRIED if one.method == "PUT" and one.path == operation.path)
        assert call(managed.client, put, path, json=NAMED[name_of(put)][1] or body_of(put)).status_code < 300
    before = len(entries(managed))
    more = {"json": body} if body is not None else {}
    answer = call(managed.client, operation, path, headers={"X-Request-Id": "audited-1", "If-Match": "*"}, **more)
    assert answer.status_code < 300, answer.text
    [*_, entry] = entries(managed)[before:]
    assert entry["request_id"] == "audited-1"
    assert entry["actor"].startswith("key:")
    assert entry["address"] == "127.0.0.1"
    assert entry["action"]
    assert entry["subject"]


@pytest.mark.parametrize("operation", [pytest.param(one, id=name_of(one)) for one in ACTS])
def test_a_refused_administrative_act_is_audited(
    managed: Served, nobody_much: httpx.Client, operation: Operation
) -> None:
    """Whoever is known and may not do it is written down with the permission that was missing."""
    before = len(entries(managed, "refused"))
    assert call(nobody_much, operation, address(operation)).status_code == 403
    [entry] = entries(managed, "refused")[before:]
    assert entry["action"] == name_of(operation)
    assert entry["details"] is not None
    assert operation.rules.permission in str(entry["details"])


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
def test_nobody_changes_the_log(managed: Served, statement: str) -> None:
    """Neither the application's role nor the database's superuser changes or removes an entry."""
    before = entries(managed)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        managed.sql(statement)

    async def as_the_application() -> None:
        async with transaction(managed.app.resources.database, DEFAULT_TENANT) as session:
            await session.execute(text(statement))

    with pytest.raises(Exception, match=r"permission denied|append-only|InsufficientPrivilege|privilege"):
        managed.run(as_the_application)
    assert entries(managed) == before


def test_refused_credentials_are_audited_and_a_flood_of_them_is_bounded(house: House) -> None:
    """Wrong keys at an administrative operation are written down, ten a minute, and the rest is counted."""
    clock = TurnableClock()
    with house(clock=clock) as served, served.with_key("est_live_" + "0" * 36) as wrong:
        for _ in range(MOST + 5):
            assert wrong.get("/api/v2/audit").status_code == 401
        assert len(entries(served, "refused")) == MOST
        clock.turn(61)
        assert wrong.get("/api/v2/audit").status_code == 401
        *_, last = entries(served, "refused")
        assert '"left_out": 5' in last["details"]
        assert last["actor"] == "anonymous"
        assert last["address"] == "127.0.0.1"
