"""Every operation against every kind of caller, by the table of who may do what."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from esteio.http.routing import Operation
from esteio.standins.fakestore import running_fakestore
from tests.conftest import House
from tests.contract.households import CAPSULES, PASSWORD, PETS, Household, found_tenant, id_for, nobody_like, seen
from tests.contract.operations import (
    EVERY,
    LIKED,
    MAILS,
    address,
    call,
    misses_what_it_names,
    name_of,
)
from tests.contract.problems import problem
from tests.contract.who import (
    ADMIN,
    ANONYMOUS,
    CALLERS,
    ELSEWHERE,
    GUEST,
    ITSELF,
    KEY,
    MACHINE,
    OF_ANOTHER,
    OPERATOR,
    POLLER,
    SHOWN,
    USER,
    VIEWER,
    WHO,
)
from tests.house import NO_TLS, Served
from tests.store.liking import stored

LISTED = [operation for operation in EVERY if name_of(operation) in WHO]
ENDS_LOGINS = ("/logout", "/logout-all", "/auth/password")
OF_THE_TENANT = (KEY, MACHINE, VIEWER, USER, ADMIN)
FOREIGNERS = (ELSEWHERE, GUEST)
WIDE = {
    "LIMITS__ENABLED": "false",
    "AUTH__ATTEMPTS_FREE": "100",
    "AUTH__MAILS_A_DAY": "1000",
    "AUTH__ORGANIZATIONS_PER_ACCOUNT": "1000",
    "TELEMETRY__ACCESS_LOG": "false",
}


@dataclass
class Callers:
    """One of each kind, in and around a tenant; `household` is what the tenant has."""

    served: Served
    household: Household
    emails: dict[str, tuple[str, str]] = field(default_factory=dict)
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    def enter(self, name: str) -> None:
        """Log a person in, again where a login is over."""
        email, tenant = self.emails[name]
        body = {"email": email, "password": PASSWORD, "tenant": tenant}
        answer = self.served.anonymous.post("/api/v2/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        self.proved(name, {"Authorization": f"Bearer {answer.json()['data']['access_token']}"})

    def proved(self, name: str, headers: dict[str, str]) -> None:
        if name in self.clients:
            self.clients[name].close()
        self.clients[name] = httpx.Client(base_url=self.served.url, headers=headers, timeout=30, verify=NO_TLS)

    def person(self, name: str, maker: httpx.Client, tenant: str, role: str, email: str = "") -> None:
        """A member of the tenant of this role, logged in there."""
        self.emails[name] = (email or f"{len(self.emails)}@people.example", tenant)
        body = {"email": self.emails[name][0], "name": name, "password": PASSWORD, "roles": [role]}
        made = maker.post("/api/v2/users", json=body)
        assert made.status_code == 201, made.text
        self.served.sql("UPDATE users SET email_verified_at = now() WHERE email = $1", body["email"])
        self.enter(name)


@pytest.fixture(scope="module")
def callers(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """All kinds of callers in a house without limits."""
    files = tmp_path_factory.mktemp("files").as_uri()
    with running_fakestore() as shop, house(STORE__UPSTREAM_URL=shop.url, FILES__URL=files, **WIDE, **MAILS) as served:
        here, there = found_tenant(served, "here-qzx"), found_tenant(served, "there-qzx")
        found = Callers(served, here)
        people(found, here, there)
        machines(found, here)
        yield found
        for client in (*found.clients.values(), here, there):
            client.close()


def people(found: Callers, here: Household, there: Household) -> None:
    """Persons. The guest administers the tenant whose ids they name, while they act in another as a viewer."""
    found.person(VIEWER, here.client, here.slug, "viewer")
    found.person(USER, here.client, here.slug, "user")
    found.person(ADMIN, here.client, here.slug, "admin")
    found.person(ELSEWHERE, there.client, there.slug, "admin")
    found.person(OPERATOR, found.served.client, "default", "admin")
    found.person(GUEST, here.client, here.slug, "admin", "guest@people.example")
    found.person(GUEST, there.client, there.slug, "viewer", "guest@people.example")


def machines(found: Callers, here: Household) -> None:
    found.clients[ANONYMOUS] = httpx.Client(base_url=found.served.url, timeout=30, verify=NO_TLS)
    found.proved(KEY, {"X-API-Key": here.make("/api/v2/keys", name="bare", scopes=[])["key"]})
    found.proved(POLLER, {"X-API-Key": here.make("/api/v2/keys", name="poller", scopes=["outages:poll"])["key"]})
    made = here.make("/api/v2/oauth-clients", name="reader", scopes=["capsules:read"])
    who = (made["client_id"], made["client_secret"])
    token = found.served.anonymous.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=who)
    found.proved(MACHINE, {"Authorization": f"Bearer {token.json()['access_token']}"})


def judged(operation: Operation, name: str, answer: httpx.Response, itself: int | None) -> str | None:
    """What is wrong with the answer, or `None`."""
    who, status = WHO[name_of(operation)], answer.status_code
    if who is ITSELF:
        return None if status == itself else f"{itself} for nobody and {status} for them"
    if name in who:
        return f"allowed, and {status}: {answer.text[:200]}" if status in (401, 403, 429) or status >= 500 else None
    refusal = 401 if name == ANONYMOUS else 403
    if status != refusal:
        return f"to be refused, and {status}"
    if operation.rules.manner is None:
        problem(answer, refusal, "UNAUTHENTICATED" if refusal == 401 else "FORBIDDEN")
    return None


def test_the_table_is_whole() -> None:
    """Whoever adds an operation says for whom it is, and what is gone stands in the table no more."""
    assert sorted(WHO) == sorted({name_of(operation) for operation in EVERY})


@pytest.mark.parametrize("name", CALLERS)
def test_everybody_gets_as_far_as_the_table_says(callers: Callers, name: str) -> None:
    """A caller of each kind is refused exactly where the table does not name it, whatever the ids name."""
    wrong = []
    for operation in LISTED:
        itself = None
        if WHO[name_of(operation)] is ITSELF:
            itself = call(callers.clients[ANONYMOUS], operation).status_code
        answer = call(callers.clients[name], operation)
        if name in callers.emails and operation.path.endswith(ENDS_LOGINS):
            callers.enter(name)
        if said := judged(operation, name, answer, itself):
            wrong.append(f"{name_of(operation)}: {said}")
    assert wrong == []


def foreign(callers: Callers, name: str, operation: Operation) -> str | None:
    """What is wrong with the answers for the ids of a tenant that the caller does not act in, or `None`."""
    given = {name: id_for(operation, name, callers.household.ids) for name in operation.names}
    none = {name: nobody_like(value) for name, value in given.items()}
    condition = {"If-Match": '"1"'}
    real, vain = (
        call(callers.clients[name], operation, address(operation, **ids), headers=condition) for ids in (given, none)
    )
    refused = name not in WHO[name_of(operation)]
    if real.status_code != (403 if refused else 404):
        return f"{real.status_code} for another tenant's ids"
    if seen(real, *given.values()) != seen(vain, *none.values()):
        return "what is another tenant's is told from what is nobody's"
    return None


@pytest.mark.parametrize("name", FOREIGNERS)
def test_what_one_is_elsewhere_opens_nothing(callers: Callers, name: str) -> None:
    """Ids of another tenant than the one that is acted in name nothing, also to who is an administrator there."""
    wrong = []
    for operation in LISTED:
        # A person may look at any of their organisations and leave it, from wherever they are.
        if operation.rules.manner is None and misses_what_it_names(operation) and "slug" not in operation.names:
            wrong += [f"{name_of(operation)}: {said}"] if (said := foreign(callers, name, operation)) else []
    assert wrong == []


def of_boss(callers: Callers, boss: httpx.Client, collection: str) -> str:
    """Something that the tenant's first administrator made; its id."""
    bodies: dict[str, dict[str, Any]] = {
        CAPSULES: {"project_name": "Mine", "description": "Mine alone", "tech_stack": ["Go"]},
        "/api/v2/favorites": {"product_id": LIKED + 2},
        f"{PETS}/export": {},
    }
    stored(callers.served, LIKED + 2)
    answer = boss.post(collection, json=bodies[collection])
    assert answer.status_code in (201, 202), answer.text
    found: str = answer.json()["data"]["id"]
    return found


@pytest.fixture(scope="module")
def ids(callers: Callers) -> dict[str, str]:
    """What belongs to somebody of the tenant who is none of the callers."""
    boss = callers.household.person
    return {
        "capsule_id": of_boss(callers, boss, CAPSULES),
        "favorite_id": of_boss(callers, boss, "/api/v2/favorites"),
        "task_id": of_boss(callers, boss, f"{PETS}/export"),
    }


@pytest.mark.parametrize("name", OF_THE_TENANT)
def test_what_somebody_else_made(callers: Callers, ids: dict[str, str], name: str) -> None:
    """What is one's own is nobody else's of the tenant, but for those who may see or manage everybody's."""
    wrong = []
    operations = {name_of(operation): operation for operation in EVERY}
    for said, (who, refusal) in OF_ANOTHER.items():
        operation = operations[said]
        answer = call(callers.clients[name], operation, address(operation, **ids), headers={"If-Match": "*"})
        wanted = refusal if name in WHO[said] else SHOWN
        if name in who and answer.status_code in (401, 403, 404):
            wrong.append(f"{said}: allowed, and {answer.status_code}")
        if name not in who and answer.status_code != wanted:
            wrong.append(f"{said}: to be refused with {wanted}, and {answer.status_code}")
    assert wrong == []
