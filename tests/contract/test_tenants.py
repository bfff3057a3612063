"""Two tenants in one house: neither learns anything of the other, not even that it is there."""

from collections.abc import Iterator

import httpx
import pytest

from esteio.http.routing import Operation
from esteio.standins.fakestore import running_fakestore
from tests.conftest import House
from tests.contract.households import (
    CAPSULES,
    HOOKS,
    INVITATIONS,
    PASSWORD,
    PETS,
    Household,
    found_tenant,
    id_for,
    nobody_like,
    seen,
)
from tests.contract.operations import (
    DOCUMENTS,
    MAILS,
    VERSIONS,
    address,
    call,
    described,
    each,
    is_of_persons,
    is_platform,
    misses_what_it_names,
)
from tests.contract.problems import problem
from tests.house import Served, eventually
from tests.store.liking import person

LISTS = (
    *("/api/v2/pets", "/api/v2/keys", "/api/v2/users", "/api/v2/roles", "/api/v2/audit"),
    "/api/v2/oauth-clients",
    *(f"{HOOKS}/endpoints", f"{HOOKS}/deliveries", f"{HOOKS}/receipts"),
    *("/api/v2/favorites", "/api/v2/petstory/admin/orders", CAPSULES, INVITATIONS),
)


@pytest.fixture(scope="module")
def served(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house with two tenants beside its own."""
    files = tmp_path_factory.mktemp("files").as_uri()
    settings = {"TELEMETRY__ACCESS_LOG": "false", "FILES__URL": files, **MAILS}
    with running_fakestore() as shop, house(STORE__UPSTREAM_URL=shop.url, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def somebody(served: Served) -> Iterator[httpx.Client]:
    """A person of the default tenant, who is logged in."""
    with person(served) as found:
        yield found.client


@pytest.fixture(scope="module")
def ours(served: Served) -> Iterator[Household]:
    """The tenant that has something to lose."""
    household = found_tenant(served, "ours-qzx")
    yield household
    household.close()


@pytest.fixture(scope="module")
def theirs(served: Served) -> Iterator[Household]:
    """The tenant whose administrator looks around."""
    household = found_tenant(served, "them-qzx")
    yield household
    household.close()


@pytest.fixture(scope="module")
def strangers(served: Served) -> Iterator[Household]:
    """A tenant that has never named anything of anybody else's, so that not even its audit log does."""
    household = found_tenant(served, "far-off-qzx")
    yield household
    household.close()


def is_a_read(operation: Operation) -> bool:
    return not operation.names and not operation.rules.streams and bool(described(operation))


class TestEveryOperation:
    @each(lambda operation: misses_what_it_names(operation))
    def test_anothers_ids_are_nobodys(self, ours: Household, theirs: Household, operation: Operation) -> None:
        """With another tenant's ids every operation answers the very bytes that it answers for ids that are none."""
        given = {name: id_for(operation, name, ours.ids) for name in operation.names}
        none = {name: nobody_like(value) for name, value in given.items()}
        condition = {"If-Match": '"1"'}
        caller = theirs.caller(operation)
        real = call(caller, operation, address(operation, **given), headers=condition)
        vain = call(caller, operation, address(operation, **none), headers=condition)
        assert seen(real, *given.values()) == seen(vain, *none.values())
        problem(real, 403 if is_platform(operation) else 404)

    @each(lambda operation: misses_what_it_names(operation) and not is_platform(operation))
    def test_a_tenants_ids_are_nobodys_to_the_platform(
        self, served: Served, somebody: httpx.Client, ours: Household, operation: Operation
    ) -> None:
        """The default tenant makes tenants, but sees as little of what is in them as anybody."""
        caller = somebody if is_of_persons(operation) else served.client
        given = {name: id_for(operation, name, ours.ids) for name in operation.names}
        none = {name: nobody_like(value) for name, value in given.items()}
        real, vain = (call(caller, operation, address(operation, **ids)) for ids in (given, none))
        assert seen(real, *given.values()) == seen(vain, *none.values())
        assert real.status_code == 404

    def test_nothing_of_ours_was_changed(self, ours: Household) -> None:
        """After all that, everything is as it was made."""
        paths = {"pet_id": PETS, "key_id": "/api/v2/keys", "user_id": "/api/v2/users", "roles": "/api/v2/roles"}
        paths["endpoint_id"] = f"{HOOKS}/endpoints"
        paths |= {"favorite_id": "/api/v2/favorites", "capsule_id": CAPSULES, "invitation_id": INVITATIONS}
        for name, collection in paths.items():
            assert ours.client.get(f"{collection}/{ours.ids[name]}").json()["data"]["version"] <= 2

    # What a stream shows of another tenant is for tests/realtime: it has no end that could be waited for.
    @each(lambda operation: operation.method == "GET" and is_a_read(operation))
    def test_no_list_shows_anything_of_ours(self, ours: Household, strangers: Household, operation: Operation) -> None:
        """Whatever can be read without an id holds no id, name or address of another tenant."""
        params = {name: "e" for name in ("name",) if operation.path == "/api/v1/pets/search"}
        answer = strangers.caller(operation).get(operation.path, params=params)
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
