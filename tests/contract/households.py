"""A tenant with one of everything, and what can be seen of an answer: how the walls between tenants are tried."""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx

from esteio.http.routing import Operation
from tests.contract.operations import (
    ALL,
    LIKED,
    address,
    call,
    is_of_persons,
    make,
    name_of,
)
from tests.contract.operations import report as report_outage
from tests.files.keeping import kept
from tests.house import AMPLE, NO_TLS, Served, altered
from tests.store.liking import stored

PETS, CAPSULES, INVITATIONS = "/api/v2/pets", "/api/v2/capsules", "/api/v2/invitations"
PASSWORD = "correct horse battery"
VOLATILE = {"date", "x-request-id", "ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset"}
HOOKS = "/api/v2/webhooks"


@dataclass
class Household:
    """A tenant, its administrator's key and the administrator in person, and one of everything that it can have."""

    slug: str
    client: httpx.Client
    person: httpx.Client
    ids: dict[str, str]
    words: set[str] = field(default_factory=set)

    def caller(self, operation: Operation) -> httpx.Client:
        """Who of the tenant may use the operation."""
        return self.person if is_of_persons(operation) else self.client

    def close(self) -> None:
        self.client.close()
        self.person.close()

    def make(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()["data"]
        return found


def found_tenant(served: Served, slug: str) -> Household:
    """Make a tenant through the API; its administrator logs in and makes a key, and with it everything else."""
    email = f"boss@{slug}.example"
    first = {"email": email, "name": f"Boss of {slug}", "password": PASSWORD}
    made = served.client.post("/api/v2/tenants", json={"slug": slug, "name": slug.title(), "admin": first})
    assert made.status_code == 201, made.text
    entered = served.anonymous.post("/api/v2/auth/login", json={"email": email, "password": PASSWORD})
    token = entered.json()["data"]["access_token"]
    boss = httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {token}"}, timeout=AMPLE, verify=NO_TLS)
    key = boss.post("/api/v2/keys", json={"name": f"key of {slug}", "scopes": ["*"]})
    client = served.with_key(key.json()["data"]["key"])
    household = Household(slug, client, boss, {"tenant_id": made.json()["data"]["id"], "slug": slug})
    furnish(household)
    hear(served, household)
    like(served, household, token)
    order(served, household)
    capsule = household.ids["capsule_id"]
    files = household.client.get(f"{CAPSULES}/{capsule}/files").json()["data"]
    household.ids |= {"number": "1", "path": files[0]["path"]}
    household.ids["source"] = "nobody"
    household.ids["quota"] = "capsules.capsules"
    household.ids["token"] = kept(served, b"x", tenant=UUID(made.json()["data"]["id"])).link.rpartition("/")[2]
    return household


def furnish(household: Household) -> None:
    slug, ids = household.slug, household.ids
    pets = [household.make(PETS, name=f"Pet {number} of {slug}", species="dog") for number in (1, 2)]
    feeding = household.make(f"{PETS}/{pets[0]['id']}/feedings", food=f"food of {slug}", grams=100)
    key = household.make("/api/v2/keys", name=f"spare key of {slug}", scopes=["pets:write"])
    machine = {"name": f"machine of {slug}", "scopes": ["pets:write"]}
    client, _ = (household.make("/api/v2/oauth-clients", **machine) for _ in range(2))
    user = household.make("/api/v2/users", email=f"user@{slug}.example", name=f"User of {slug}")
    task = household.client.post(f"{PETS}/export", json={}).json()["data"]
    roles = [household.make("/api/v2/roles", name=f"{name}-{slug}", permissions=["pets:write"]) for name in "ab"]
    ids |= {"pet_id": pets[0]["id"], "key_id": key["id"], "user_id": user["id"], "roles": roles[0]["name"]}
    ids["task_id"] = task["id"]
    ids["oauth_client_id"] = client["id"]
    guests = [f"guest-{number}@{slug}.example" for number in (1, 2)]
    invited = [household.make(INVITATIONS, email=guest, roles=["user"])["id"] for guest in guests]
    ids["invitation_id"] = invited[0]
    ids["capsule_id"], _ = (make(household.client, CAPSULES).rpartition("/")[2] for _ in range(2))
    ids |= furnish_hooks(household) | furnish_outages(household)
    household.words = {*ids.values(), *guests, pets[1]["id"], feeding["id"], key["public_id"], user["email"]}
    household.words.add(client["client_id"])


def furnish_hooks(household: Household) -> dict[str, str]:
    """Webhook endpoints of the tenant, and something that is sent to them."""
    url = f"https://{household.slug}.example.com/hook"
    endpoints = [household.make(f"{HOOKS}/endpoints", url=url, events=["webhook.*"])["id"] for _ in range(2)]
    sent = [household.client.post(f"{HOOKS}/endpoints/{endpoint}/test").json()["data"] for endpoint in endpoints]
    return {"endpoint_id": endpoints[0], "delivery_id": sent[0]["id"]}


def furnish_outages(household: Household) -> dict[str, str]:
    """An outage and a consumer's demand of the tenant."""
    outage = report_outage(household.client, "/api/v2/outages").rpartition("/")[2]
    protocol = f"{household.slug}-demand"
    report = next(operation for operation in ALL if name_of(operation) == "PUT /api/v2/outages/demands/{protocol}")
    answer = call(household.client, report, address(report, protocol=protocol))
    assert answer.status_code == 201, answer.text
    return {"protocol": protocol, "external_id": outage}


def hear(served: Served, household: Household) -> None:
    """Webhooks that somebody sent to the tenant."""
    for _ in range(2):
        receipt = household.ids["receipt_id"] = str(uuid4())
        served.sql(
            "INSERT INTO webhook_receipts VALUES ($1, $2, 'bank', $3, '{}', 'x', $1, now())",
            receipt,
            household.ids["tenant_id"],
            f"{household.slug}-{receipt}",
        )
        household.words |= {receipt}


def order(served: Served, household: Household) -> None:
    """Books that were ordered of the tenant, which none of its own customers can do yet: a photo in each."""
    tenant = household.ids["tenant_id"]
    for _ in range(2):
        order, photo = str(uuid4()), str(uuid4())
        served.sql(
            "INSERT INTO petstory_customers (id, tenant_id, email, email_key, uploads, created_at) "
            "VALUES ($1, $2, $3, $3, '{}', now())",
            order,
            tenant,
            f"{order}@{household.slug}.example",
        )
        served.sql(
            "INSERT INTO petstory_orders (id, tenant_id, customer_id, state, pet_name, words, language, styles, price, "
            "currency, received, spent, wanted, link, tribute, tribute_link, version, created_at, updated_at, "
            "expires_at) VALUES ($1, $2, $1, 'photos_uploaded', 'Rex', '', 'en', '{line}', 47, 'BRL', 0, 0, 0, 1, "
            "true, 1, 1, now(), now(), now() + interval '7 days')",
            order,
            tenant,
        )
        served.sql(
            "INSERT INTO petstory_photos (id, tenant_id, order_id, position, file_id, sha256, width, height, size, "
            "source, created_at) VALUES ($1, $2, $3, 1, $1, 'x', 1, 1, 1, 'jpeg', now())",
            photo,
            tenant,
            order,
        )
        household.ids |= {"order_id": order, "photo_id": photo}
        household.words |= {order, photo}


def like(served: Served, household: Household, token: str) -> None:
    """Favourites of the tenant's administrator."""
    stored(served, LIKED, LIKED + 1)
    for product in (LIKED + 1, LIKED):
        body, held = {"product_id": product}, {"Authorization": f"Bearer {token}"}
        answer = served.anonymous.post("/api/v2/favorites", json=body, headers=held)
        household.ids["favorite_id"] = answer.json()["data"]["id"]
        household.words |= {household.ids["favorite_id"]}


def id_for(operation: Operation, name: str, ids: dict[str, str]) -> str:
    """What of the household the parameter names; `name` is a role where roles are asked for."""
    if name != "name":
        return ids[name]
    return ids["roles"] if "/roles/" in operation.path else "default"


def nobody_like(value: str) -> str:
    """Something of the same form that does not exist; the number of a version stays, of a capsule that does not."""
    if value.isdigit():
        return value
    return str(uuid4()) if re.fullmatch("[0-9a-f-]{36}", value) else altered(value[:-4] + uuid4().hex[:4], -5)


def seen(answer: httpx.Response, *named: str) -> tuple[int, dict[str, str], bytes]:
    """Everything that a caller can see of an answer, but for what differs with each request and what it named."""
    headers = {name: value for name, value in answer.headers.items() if name not in VOLATILE}
    body = answer.content
    for value in named:
        body = body.replace(value.encode(), b"(named)")
    body = re.sub(rb'"(timestamp|request_id|trace_id)":"[^"]*"', rb'"\1":""', body)
    return answer.status_code, headers, body
