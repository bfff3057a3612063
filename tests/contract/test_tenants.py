"""Two tenants in one house: neither learns anything of the other, not even that it is there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from esteio.auth.permissions import PLATFORM, area
from esteio.http.routing import Operation
from esteio.standins.fakestore import running_fakestore
from tests.conftest import House
from tests.contract.operations import (
    ALL,
    DOCUMENTS,
    EVERYBODYS,
    LIKED,
    MAKES_WHAT_IT_NAMES,
    VERSIONS,
    address,
    call,
    described,
    each,
    name_of,
)
from tests.contract.operations import report as report_outage
from tests.contract.problems import problem
from tests.files.keeping import kept
from tests.house import Served, eventually
from tests.store.liking import stored

PETS = "/api/v2/pets"
PASSWORD = "correct horse battery"
VOLATILE = {"date", "x-request-id", "ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset"}
HOOKS = "/api/v2/webhooks"
LISTS = (
    *("/api/v2/pets", "/api/v2/keys", "/api/v2/users", "/api/v2/roles", "/api/v2/audit"),
    *(f"{HOOKS}/endpoints", f"{HOOKS}/deliveries", f"{HOOKS}/receipts"),
    *("/api/v2/favorites", "/api/v2/petstory/admin/orders"),
)


@dataclass
class Household:
    """A tenant, its administrator as a client, and one of everything that it can have."""

    slug: str
    client: httpx.Client
    ids: dict[str, str]
    words: set[str] = field(default_factory=set)

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
    body = {"name": f"key of {slug}", "scopes": ["*"]}
    key = served.anonymous.post("/api/v2/keys", json=body, headers={"Authorization": f"Bearer {token}"})
    client = served.with_key(key.json()["data"]["key"])
    household = Household(slug, client, {"tenant_id": made.json()["data"]["id"]})
    furnish(household)
    hear(served, household)
    like(served, household, token)
    order(served, household)
    household.ids["source"] = "nobody"
    household.ids["token"] = kept(served, b"x", tenant=UUID(made.json()["data"]["id"])).link.rpartition("/")[2]
    return household


def furnish(household: Household) -> None:
    slug, ids = household.slug, household.ids
    pets = [household.make(PETS, name=f"Pet {number} of {slug}", species="dog") for number in (1, 2)]
    feeding = household.make(f"{PETS}/{pets[0]['id']}/feedings", food=f"food of {slug}", grams=100)
    key = household.make("/api/v2/keys", name=f"spare key of {slug}", scopes=["pets:write"])
    user = household.make("/api/v2/users", email=f"user@{slug}.example", name=f"User of {slug}")
    task = household.client.post(f"{PETS}/export", json={}).json()["data"]
    roles = [household.make("/api/v2/roles", name=f"{name}-{slug}", permissions=["pets:write"]) for name in "ab"]
    ids |= {"pet_id": pets[0]["id"], "key_id": key["id"], "user_id": user["id"], "roles": roles[0]["name"]}
    ids["task_id"] = task["id"]
    ids |= furnish_hooks(household) | furnish_outages(household)
    household.words = {*ids.values(), slug, pets[1]["id"], feeding["id"], key["public_id"], user["email"]}


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


@pytest.fixture(scope="module")
def served(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house with two tenants beside its own."""
    files = tmp_path_factory.mktemp("files").as_uri()
    settings = {"TELEMETRY__ACCESS_LOG": "false", "FILES__URL": files}
    with running_fakestore() as shop, house(STORE__UPSTREAM_URL=shop.url, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def ours(served: Served) -> Iterator[Household]:
    """The tenant that has something to lose."""
    household = found_tenant(served, "ours-qzx")
    yield household
    household.client.close()


@pytest.fixture(scope="module")
def theirs(served: Served) -> Iterator[Household]:
    """The tenant whose administrator looks around."""
    household = found_tenant(served, "them-qzx")
    yield household
    household.client.close()


@pytest.fixture(scope="module")
def strangers(served: Served) -> Iterator[Household]:
    """A tenant that has never named anything of anybody else's, so that not even its audit log does."""
    household = found_tenant(served, "far-off-qzx")
    yield household
    household.client.close()


def id_for(operation: Operation, name: str, ids: dict[str, str]) -> str:
    """What of the household the parameter names; `name` is a role where roles are asked for."""
    if name != "name":
        return ids[name]
    return ids["roles"] if "/roles/" in operation.path else "default"


def nobody_like(value: str) -> str:
    """Something of the same form that does not exist."""
    return str(uuid4()) if re.fullmatch("[0-9a-f-]{36}", value) else value[:-4] + uuid4().hex[:4]


def seen(answer: httpx.Response, *named: str) -> tuple[int, dict[str, str], bytes]:
    """Everything that a caller can see of an answer, but for what differs with each request and what it named."""
    headers = {name: value for name, value in answer.headers.items() if name not in VOLATILE}
    body = answer.content
    for value in named:
        body = body.replace(value.encode(), b"(named)")
    body = re.sub(rb'"(timestamp|request_id|trace_id)":"[^"]*"', rb'"\1":""', body)
    return answer.status_code, headers, body


def is_platform(operation: Operation) -> bool:
    return area(operation.rules.permission or "") in PLATFORM


def misses_what_it_names(operation: Operation) -> bool:
    """What makes a tenant's resource by its name is shown by the service's own tests to make it in its own tenant.

    What has a secret link belongs to who holds that; tests/petstory shows that no other tenant gets there.
    """
    if "link" in operation.names:
        return False
    makes = name_of(operation) in MAKES_WHAT_IT_NAMES and not is_platform(operation)
    return bool({*operation.names} - {*EVERYBODYS}) and bool(described(operation)) and not makes


def is_a_read(operation: Operation) -> bool:
    return not operation.names and not operation.rules.streams and bool(described(operation))


class TestEveryOperation:
    @each(lambda operation: misses_what_it_names(operation))
    def test_anothers_ids_are_nobodys(self, ours: Household, theirs: Household, operation: Operation) -> None:
        """With another tenant's ids every operation answers the very bytes that it answers for ids that are none."""
        given = {name: id_for(operation, name, ours.ids) for name in operation.names}
        none = {name: nobody_like(value) for name, value in given.items()}
        condition = {"If-Match": '"1"'}
        real = call(theirs.client, operation, address(operation, **given), headers=condition)
        vain = call(theirs.client, operation, address(operation, **none), headers=condition)
        assert seen(real, *given.values()) == seen(vain, *none.values())
        problem(real, 403 if is_platform(operation) else 404)

    @each(lambda operation: misses_what_it_names(operation) and not is_platform(operation))
    def test_a_tenants_ids_are_nobodys_to_the_platform(
        self, served: Served, ours: Household, operation: Operation
    ) -> None:
        """The default tenant makes tenants, but sees as little of what is in them as anybody."""
        given = {name: id_for(operation, name, ours.ids) for name in operation.names}
        none = {name: nobody_like(value) for name, value in given.items()}
        real, vain = (call(served.client, operation, address(operation, **ids)) for ids in (given, none))
        assert seen(real, *given.values()) == seen(vain, *none.values())
        assert real.status_code == 404

    def test_nothing_of_ours_was_changed(self, ours: Household) -> None:
        """After all that, everything is as it was made."""
        paths = {"pet_id": PETS, "key_id": "/api/v2/keys", "user_id": "/api/v2/users", "roles": "/api/v2/roles"}
        paths["endpoint_id"] = f"{HOOKS}/endpoints"
        paths["favorite_id"] = "/api/v2/favorites"
        for name, collection in paths.items():
            assert ours.client.get(f"{collection}/{ours.ids[name]}").json()["data"]["version"] <= 2

    # What a stream shows of another tenant is for tests/realtime: it has no end that could be waited for.
    @each(lambda operation: operation.method == "GET" and is_a_read(operation))
    def test_no_list_shows_anything_of_ours(self, ours: Household, strangers: Household, operation: Operation) -> None:
        """Whatever can be read without an id holds no id, name or address of another tenant."""
        params = {name: "e" for name in ("name",) if operation.path == "/api/v1/pets/search"}
        answer = strangers.client.get(operation.path, params=params)
        assert answer.status_code == (403 if is_platform(operation) else 200)
        assert [word for word in ours.words if word in answer.text] == []

    @each(is_platform)
    def test_a_tenants_administrator_is_not_the_platforms(self, theirs: Household, operation: Operation) -> None:
        """Tenants, limits, plans, signing keys and metrics are out of reach for everybody but the default tenant."""
        ids = {**theirs.ids, "name": "default"}
        path = address(operation, **{name: ids[name] for name in operation.names})
        problem(call(theirs.client, operation, path), 403, "FORBIDDEN")

    def test_every_version_is_swept(self) -> None:
        """Each document has operations with ids, so that the sweep above is not empty for any of them."""
        for version in VERSIONS:
            assert any("{" in path for path in DOCUMENTS[version]["paths"])


class TestGiving:
    @pytest.mark.parametrize("permission", ["tenants:read", "limits:write", "signing:write", "tenants:*"])
    def test_nobody_gives_what_belongs_to_the_platform(self, theirs: Household, permission: str) -> None:
        """No key or role of a tenant holds a permission of the platform."""
        key = theirs.client.post("/api/v2/keys", json={"name": "x", "scopes": [permission]})
        problem(key, 403, "FORBIDDEN")
        role = theirs.client.post("/api/v2/roles", json={"name": "over", "permissions": [permission]})
        problem(role, 403, "FORBIDDEN")

    def test_nobody_takes_a_larger_limit(self, theirs: Household) -> None:
        """Only who may set limits puts a key on a plan."""
        body = {"name": "x", "scopes": [], "plan": "gold"}
        problem(theirs.client.post("/api/v2/keys", json=body), 403, "FORBIDDEN")

    def test_names_are_free_in_each_tenant(self, ours: Household, theirs: Household) -> None:
        """A name that is taken elsewhere is free here."""
        made = theirs.client.post("/api/v2/roles", json={"name": ours.ids["roles"], "permissions": []})
        assert made.status_code == 201
        assert theirs.client.delete(made.headers["location"]).status_code == 204


class TestLists:
    @pytest.mark.parametrize("path", LISTS)
    def test_400_for_anothers_cursor(self, ours: Household, theirs: Household, path: str) -> None:
        """A cursor is good in the tenant that it was written for, and refused in the words of any bad cursor."""
        cursor = ours.client.get(path, params={"limit": 1}).json()["meta"]["pagination"]["next"]
        assert cursor
        assert ours.client.get(path, params={"limit": 1, "cursor": cursor}).status_code == 200
        foreign = theirs.client.get(path, params={"limit": 1, "cursor": cursor})
        wrong = theirs.client.get(path, params={"limit": 1, "cursor": cursor[::-1]})
        problem(foreign, 400, "INVALID_CURSOR")
        assert seen(foreign) == seen(wrong)

    @pytest.mark.parametrize(
        ("path", "query", "word"),
        [
            (PETS, "name", "ours-qzx"),
            ("/api/v2/users", "email", "user@ours-qzx.example"),
            ("/api/v2/audit", "subject", "role:b-ours-qzx"),
        ],
    )
    def test_a_search_finds_nothing_of_ours(
        self, ours: Household, theirs: Household, path: str, query: str, word: str
    ) -> None:
        """Searching for what another tenant has finds nothing and counts nothing."""
        assert ours.client.get(path, params={query: word}).json()["meta"]["pagination"]["total"] > 0
        answer = theirs.client.get(path, params={query: word}).json()
        assert (answer["data"], answer["meta"]["pagination"]["total"]) == ([], 0)

    def test_the_audit_log_has_ones_own_refusals(self, ours: Household, theirs: Household) -> None:
        """Who tried what is written where the one who tried it belongs."""
        theirs.client.get(f"/api/v2/tenants/{ours.ids['tenant_id']}")
        tried = {"outcome": "refused", "action": "GET /api/v2/tenants/{tenant_id}"}
        assert theirs.client.get("/api/v2/audit", params=tried).json()["data"]
        assert ours.client.get("/api/v2/audit", params=tried).json()["data"] == []


class TestShared:
    def test_idempotency_keys_do_not_meet(self, ours: Household, theirs: Household) -> None:
        """The same key in two tenants is two keys: two effects, and each replay is one's own."""
        headers = {"Idempotency-Key": "the-same"}
        first, second = (
            household.client.post(PETS, json={"name": household.slug, "species": "cat"}, headers=headers)
            for household in (ours, theirs)
        )
        assert (first.status_code, second.status_code) == (201, 201)
        assert "idempotency-replayed" not in second.headers
        assert second.json()["data"]["name"] == theirs.slug
        again = ours.client.post(PETS, json={"name": ours.slug, "species": "cat"}, headers=headers)
        assert again.headers["idempotency-replayed"] == "true"
        assert again.json()["data"] == first.json()["data"]

    def test_the_cache_serves_each_its_own(self, served: Served, ours: Household, theirs: Household) -> None:
        """What was kept for one tenant's callers is never given to another's."""
        mine = [ours.client.get(PETS).json()["data"] for _ in range(2)]
        assert mine[0] == mine[1]
        for client in (theirs.client, served.client):
            assert {pet["id"] for pet in client.get(PETS).json()["data"]}.isdisjoint({pet["id"] for pet in mine[0]})
        where = f"{PETS}/{ours.ids['pet_id']}"
        assert ours.client.get(where).status_code == 200
        problem(theirs.client.get(where), 404)

    def test_tags_of_ours_confirm_nothing(self, ours: Household, theirs: Household) -> None:
        """Another tenant's tags are no way to ask whether something is there."""
        where = f"{PETS}/{ours.ids['pet_id']}"
        tag, listed = ours.client.get(where).headers["etag"], ours.client.get(PETS).headers["etag"]
        problem(theirs.client.get(where, headers={"If-None-Match": tag}), 404)
        problem(theirs.client.put(where, json={"name": "x", "species": "dog"}, headers={"If-Match": tag}), 404)
        assert theirs.client.get(PETS, headers={"If-None-Match": listed}).status_code == 200

    def test_a_limit_used_up_there_is_whole_here(self, served: Served, ours: Household, theirs: Household) -> None:
        """One tenant's calls cost another nothing, on the same plan and from the same address."""
        served.client.put("/api/v2/plans/narrow", json={"rate": "2/hour"})
        eventually(lambda: "plan.narrow" in served.client.get("/api/v2/limits").text)
        made = [household.make("/api/v2/keys", name="n", scopes=[]) for household in (ours, theirs)]
        served.sql("UPDATE api_keys SET plan = 'narrow' WHERE id = ANY ($1::uuid[])", [key["id"] for key in made])
        keys = [key["key"] for key in made]
        with served.with_key(keys[0]) as first, served.with_key(keys[1]) as second:
            assert [first.get(PETS).status_code for _ in range(3)] == [200, 200, 429]
            assert [second.get(PETS).status_code for _ in range(3)] == [200, 200, 429]

    def test_a_login_tells_no_tenant_from_none(self, served: Served, ours: Household, theirs: Household) -> None:
        """Logging in to a tenant that one does not belong to is refused in the bytes of one that does not exist."""
        email = f"boss@{theirs.slug}.example"
        real, vain = (
            served.anonymous.post("/api/v2/auth/login", json={"email": email, "password": PASSWORD, "tenant": slug})
            for slug in (ours.slug, "none-qzx")
        )
        problem(real, 401, "INVALID_CREDENTIALS")
        assert seen(real) == seen(vain)
