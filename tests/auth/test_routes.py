"""The routes over HTTP: what each promises, how each refuses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from esteio.auth.permissions import ADMINISTRATION, area
from tests.house import AMPLE, NO_TLS, Served, altered

ADMIN_PATHS = ("keys", "users", "roles", "tenants", "audit", "signing-keys", "oauth-clients", "invitations")
PASSWORD = "correct horse battery"
OVERLONG = {"name": "x" * 201}


def administrative(served: Served, *, with_body: bool = False) -> list[tuple[str, str, str]]:
    """Method, path and permission of every operation that is for administrators, with an id filled in."""
    found = []
    for operation in served.app.table:
        permission = operation.rules.permission
        if with_body and not operation.takes_json:
            continue
        if permission is not None and area(permission) in ADMINISTRATION and operation.is_api:
            path = operation.path
            for name in operation.names:
                path = path.replace("{" + name + "}", "some-name" if name == "name" else str(uuid4()))
            found.append((operation.method, path, permission))
    return found


@pytest.fixture(scope="module")
def person(served: Served) -> Callable[..., httpx.Client]:
    """Makes a user with these roles, logged in."""

    def make(*roles: str) -> httpx.Client:
        email = f"{uuid4()}@example.org"
        body = {"email": email, "name": "Somebody", "password": PASSWORD, "roles": roles}
        assert served.client.post("/api/v2/users", json=body).status_code == 201
        return bearer(served, email)

    return make


def bearer(served: Served, email: str, password: str = PASSWORD) -> httpx.Client:
    """A client with the access token of a fresh login."""
    answer = served.anonymous.post("/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return httpx.Client(
        base_url=served.url,
        headers={"Authorization": f"Bearer {answer.json()['access_token']}"},
        timeout=AMPLE,
        verify=NO_TLS,
    )


@pytest.fixture(scope="module")
def elsewhere(served: Served) -> httpx.Client:
    """The administrator of another tenant."""
    email = f"boss-{uuid4()}@example.org"
    body = {"slug": "elsewhere", "name": "E", "admin": {"email": email, "name": "Boss", "password": PASSWORD}}
    assert served.client.post("/api/v2/tenants", json=body).status_code == 201
    return bearer(served, email)


def made(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def codes(answer: httpx.Response) -> list[str]:
    return [error["code"] for error in answer.json()["errors"]]


class TestEveryAdministrativeRoute:
    def test_there_are_such_routes(self, served: Served) -> None:
        """The sweep below covers every resource of this package."""
        paths = {path.split("/")[3] for _, path, _ in administrative(served)}
        assert paths >= set(ADMIN_PATHS)

    def test_401_without_credentials(self, served: Served) -> None:
        """Each asks who is calling before it looks at anything else, and says how to answer."""
        for method, path, _ in administrative(served):
            answer = served.anonymous.request(method, path)
            assert answer.status_code == 401, (method, path)
            assert "ApiKey" in answer.headers["www-authenticate"] and "Bearer" in answer.headers["www-authenticate"]

    def test_403_without_the_permission_and_the_log_knows(self, served: Served) -> None:
        """A key with another permission is refused everywhere, and each refusal stands in the audit log."""
        with served.with_key(served.key("pets:write")) as client:
            me = client.get("/auth/me").json()["id"]
            for method, path, permission in administrative(served):
                answer = client.request(method, path)
                assert answer.status_code == 403 and permission in answer.json()["detail"], (method, path)
        logged = served.client.get("/api/v2/audit", params={"actor": me, "outcome": "refused", "per_page": 100})
        assert logged.json()["meta"]["pagination"]["total"] == len(administrative(served))

    def test_404_for_another_tenants_ids_is_that_of_no_ids(self, served: Served, elsewhere: httpx.Client) -> None:
        """What belongs to another tenant is answered byte for byte like what does not exist."""
        key = made(served.client, "/api/v2/keys", name="theirs", scopes=[])
        user = made(served.client, "/api/v2/users", email=f"{uuid4()}@example.org", name="Theirs")
        role = made(served.client, "/api/v2/roles", name=f"r-{uuid4()}", permissions=[])
        requests = [
            ("GET", "/api/v2/keys/{}", key["id"], uuid4(), None),
            ("PATCH", "/api/v2/keys/{}", key["id"], uuid4(), {"name": "mine"}),
            ("POST", "/api/v2/keys/{}/rotate", key["id"], uuid4(), {}),
            ("DELETE", "/api/v2/keys/{}", key["id"], uuid4(), None),
            ("GET", "/api/v2/users/{}", user["id"], uuid4(), None),
            ("PATCH", "/api/v2/users/{}", user["id"], uuid4(), {"name": "Mine"}),
            ("DELETE", "/api/v2/users/{}", user["id"], uuid4(), None),
            ("GET", "/api/v2/roles/{}", role["name"], f"r-{uuid4()}", None),
            ("PATCH", "/api/v2/roles/{}", role["name"], f"r-{uuid4()}", {"description": "mine"}),
            ("DELETE", "/api/v2/roles/{}", role["name"], f"r-{uuid4()}", None),
        ]
        for method, path, theirs, nobodys, body in requests:
            seen = [self._told(elsewhere, method, path.format(name), str(name), body) for name in (theirs, nobodys)]
            assert seen[0] == seen[1] and seen[0][0] == 404, (method, path, seen)

    @staticmethod
    def _told(client: httpx.Client, method: str, path: str, name: str, body: Any) -> tuple[int, bytes]:
        answer = client.request(method, path, json=body, headers={"X-Request-ID": "same"})
        told = answer.json()
        plain = answer.content.replace(name.encode(), b"ID")
        for member in ("timestamp", "trace_id"):
            plain = plain.replace(told[member].encode(), b"")
        return answer.status_code, plain

    def test_422_for_what_is_not_asked_for(self, served: Served) -> None:
        """An unknown member of a body is refused, never ignored."""
        for method, path, _ in administrative(served, with_body=True):
            answer = served.client.request(method, path, json={"surprise": 1})
            assert answer.status_code == 422 and "surprise" in answer.text, (method, path)


class TestKeys:
    def test_a_new_key_is_shown_once(self, served: Served) -> None:
        """The answer of creation holds the key; no later answer does."""
        key = made(served.client, "/api/v2/keys", name="once", scopes=["pets:write"], test=True)
        assert key["key"].startswith("est_test_") and key["key"].endswith(key["last_four"])
        later = [served.client.get(f"/api/v2/keys/{key['id']}"), served.client.get("/api/v2/keys?per_page=100")]
        assert all(answer.status_code == 200 and key["key"] not in answer.text for answer in later)

    def test_the_same_idempotency_key_makes_one_key(self, served: Served) -> None:
        """A repeated creation gets the same key text again, from a record that is sealed."""
        again = {"Idempotency-Key": str(uuid4())}
        body = {"name": "repeated", "scopes": []}
        answers = [served.client.post("/api/v2/keys", json=body, headers=again) for _ in range(3)]
        assert len({answer.json()["data"]["key"] for answer in answers}) == 1
        assert answers[2].headers["idempotency-replayed"] == "true"

    def test_it_works_in_either_header_and_not_after_its_revocation(self, served: Served) -> None:
        """`X-API-Key` in any case and `Authorization: Bearer` prove the same; a revoked key proves nothing at once."""
        key = made(served.client, "/api/v2/keys", name="either", scopes=["pets:write"])
        headers = [{"x-api-key": key["key"]}, {"X-API-KEY": key["key"]}, {"Authorization": f"bearer {key['key']}"}]
        told = [served.anonymous.get("/auth/me", headers=header) for header in headers]
        assert {answer.json()["id"] for answer in told} == {f"key:{key['id']}"}
        assert served.client.delete(f"/api/v2/keys/{key['id']}").status_code == 204
        refused = [served.anonymous.get("/auth/me", headers=header) for header in headers]
        assert {answer.status_code for answer in refused} == {401}
        assert served.client.delete(f"/api/v2/keys/{key['id']}").status_code == 204
        assert served.client.patch(f"/api/v2/keys/{key['id']}", json={"enabled": True}).status_code == 409

    def test_wrong_credentials_are_refused_on_public_routes_too(self, served: Served) -> None:
        """A caller who sends a key means it: a wrong one is 401 even where none is needed."""
        for header in ({"X-API-Key": "wrong-key"}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
            answer = served.anonymous.get("/api/v2/pets", headers=header)
            assert answer.status_code == 401 and answer.headers["www-authenticate"]
        assert served.anonymous.get("/api/v2/pets").status_code == 200

    def test_a_key_can_be_switched_off_and_on(self, served: Served) -> None:
        """Disabled it proves nothing, enabled it does again, both at once."""
        key = made(served.client, "/api/v2/keys", name="switched", scopes=[])
        with served.with_key(key["key"]) as client:
            for enabled, status in ((True, 200), (False, 401), (True, 200)):
                served.client.patch(f"/api/v2/keys/{key['id']}", json={"enabled": enabled})
                assert client.get("/auth/me").status_code == status

    def test_a_key_works_from_its_networks_only(self, served: Served) -> None:
        """From another address it is 403, in whichever notation the network was written."""
        for networks, status in ((["203.0.113.0/24"], 403), (["127.0.0.1"], 200), (["::1", "127.0.0.0/8"], 200)):
            key = made(served.client, "/api/v2/keys", name="bound", scopes=[], allowed_networks=networks)
            assert served.anonymous.get("/auth/me", headers={"X-API-Key": key["key"]}).status_code == status

    def test_rotation_overlaps(self, served: Served) -> None:
        """Old and new work beside one another, with the same scopes; without overlap the old one ends at once."""
        key = made(served.client, "/api/v2/keys", name="rotated", scopes=["pets:write"])
        new = made(served.client, f"/api/v2/keys/{key['id']}/rotate", overlap_hours=1)
        assert new["rotated_from"] == key["id"] and new["scopes"] == ["pets:write"]
        newer = made(served.client, f"/api/v2/keys/{new['id']}/rotate", overlap_hours=0)
        used = [served.anonymous.get("/auth/me", headers={"X-API-Key": it["key"]}) for it in (key, new, newer)]
        assert [answer.status_code for answer in used] == [200, 401, 200]
        assert served.client.post(f"/api/v2/keys/{key['id']}/rotate", json={}).status_code == 409

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"name": "k", "scopes": ["pets:fly"]}, "UNKNOWN_PERMISSION"),
            ({"name": "k", "scopes": ["PETS"]}, "VALIDATION_ERROR"),
            ({"name": "k", "scopes": [], "plan": "none"}, "UNKNOWN_PLAN"),
            ({"name": "k", "scopes": [], "allowed_networks": ["300.1.1.1"]}, "VALIDATION_ERROR"),
            ({"name": "k", "scopes": [], "expires_at": "2020-01-01T00:00:00Z"}, "VALIDATION_ERROR"),
            ({**OVERLONG, "scopes": []}, "VALIDATION_ERROR"),
        ],
    )
    def test_422_names_what_is_wrong(self, served: Served, body: dict[str, Any], code: str) -> None:
        """Scopes and plans that do not exist, networks that are none, an expiry in the past."""
        answer = served.client.post("/api/v2/keys", json=body)
        assert answer.status_code == 422 and codes(answer) == [code]

    def test_nobody_makes_a_key_that_can_more_than_they(self, served: Served, person: Any) -> None:
        """Making, changing, rotating: with `keys:write` alone no key with another permission comes to hand (403)."""
        made(served.client, "/api/v2/roles", name="key-keeper", permissions=["keys:read", "keys:write"])
        keeper = person("key-keeper")
        strong = made(served.client, "/api/v2/keys", name="strong", scopes=["*"])["id"]
        own = made(keeper, "/api/v2/keys", name="own", scopes=["keys:read"])["id"]
        attempts = [
            keeper.post("/api/v2/keys", json={"name": "x", "scopes": ["*"]}),
            keeper.post("/api/v2/keys", json={"name": "x", "scopes": ["pets:write"]}),
            keeper.patch(f"/api/v2/keys/{own}", json={"scopes": ["users:write"]}),
            keeper.patch(f"/api/v2/keys/{strong}", json={"allowed_networks": []}),
            keeper.post(f"/api/v2/keys/{strong}/rotate", json={}),
        ]
        assert [answer.status_code for answer in attempts] == [403] * 5
        assert keeper.delete(f"/api/v2/keys/{strong}").status_code == 204

    def test_412_when_somebody_else_was_faster(self, served: Served) -> None:
        """A change made on an old version is refused with the present one; with the present tag it goes through."""
        key = made(served.client, "/api/v2/keys", name="contested", scopes=[])
        address = f"/api/v2/keys/{key['id']}"
        tag = served.client.get(address).headers["etag"]
        assert served.client.patch(address, json={"name": "first"}, headers={"If-Match": tag}).status_code == 200
        late = served.client.patch(address, json={"name": "second"}, headers={"If-Match": tag})
        assert late.status_code == 412 and late.json()["data"]["name"] == "first"
        tag = served.client.get(address).headers["etag"]
        assert served.client.delete(address, headers={"If-Match": tag}).status_code == 204


class TestUsersAndRoles:
    def test_a_role_gives_what_it_says_and_takes_it_back(self, served: Served, person: Any) -> None:
        """Who has a role may do what it allows, from the moment it is given to the moment it is taken."""
        made(served.client, "/api/v2/roles", name="auditor", permissions=["audit:read"])
        auditor = person("auditor")
        assert auditor.get("/api/v2/audit").status_code == 200
        user = auditor.get("/auth/me").json()["user_id"]
        assert served.client.delete("/api/v2/roles/auditor").status_code == 409
        assert served.client.patch(f"/api/v2/users/{user}", json={"roles": ["user"]}).status_code == 200
        assert auditor.get("/api/v2/audit").status_code == 403
        assert served.client.delete("/api/v2/roles/auditor").status_code == 204

    def test_who_is_disabled_or_removed_is_out_at_once(self, served: Served, person: Any) -> None:
        """A disabled user's token is worth nothing; enabled again, a new login is needed; removed, none helps."""
        user = person("user")
        identity = user.get("/auth/me").json()
        address = f"/api/v2/users/{identity['user_id']}"
        assert served.client.patch(address, json={"enabled": False}).json()["data"]["enabled"] is False
        assert user.get("/auth/me").status_code == 401
        served.client.patch(address, json={"enabled": True})
        assert user.get("/auth/me").status_code == 401
        assert bearer(served, identity["email"]).get("/auth/me").status_code == 200
        assert served.client.delete(address).status_code == 204
        login = {"email": identity["email"], "password": PASSWORD}
        assert served.anonymous.post("/auth/login", json=login).status_code == 401

    def test_nobody_raises_themselves(self, served: Served, person: Any) -> None:
        """With `users:write` and `roles:write` alone no role with more is made, given, taken or changed (403)."""
        made(
            served.client,
            "/api/v2/roles",
            name="personnel",
            permissions=["users:read", "users:write", "roles:read", "roles:write"],
        )
        made(served.client, "/api/v2/roles", name="strong", permissions=["keys:write"])
        clerk, boss = person("personnel"), person("admin")
        me, theirs = (client.get("/auth/me").json()["user_id"] for client in (clerk, boss))
        attempts = [
            clerk.patch(f"/api/v2/users/{me}", json={"roles": ["admin"]}),
            clerk.patch(f"/api/v2/users/{theirs}", json={"roles": []}),
            clerk.patch(f"/api/v2/users/{theirs}", json={"enabled": False}),
            clerk.delete(f"/api/v2/users/{theirs}"),
            clerk.post("/api/v2/users", json={"email": "x@example.org", "name": "X", "roles": ["admin"]}),
            clerk.post("/api/v2/roles", json={"name": "mine", "permissions": ["*"]}),
            clerk.patch("/api/v2/roles/personnel", json={"permissions": ["users:write", "keys:write"]}),
            clerk.patch("/api/v2/roles/strong", json={"permissions": []}),
            clerk.delete("/api/v2/roles/strong"),
        ]
        assert [answer.status_code for answer in attempts] == [403] * 9

    def test_nobody_shuts_themselves_out(self, person: Any) -> None:
        """An administrator cannot disable or remove the account that they are using (409)."""
        boss = person("admin")
        address = f"/api/v2/users/{boss.get('/auth/me').json()['user_id']}"
        assert boss.patch(address, json={"enabled": False}).status_code == 409
        assert boss.delete(address).status_code == 409

    def test_409_for_what_is_there(self, served: Served) -> None:
        """An address, a role's name, a slug, once taken, is taken; built-in roles cannot be taken or changed."""
        email = f"{uuid4()}@example.org"
        made(served.client, "/api/v2/users", email=email, name="One")
        made(served.client, "/api/v2/roles", name="taken", permissions=[])
        made(served.client, "/api/v2/tenants", slug="taken", name="Taken")
        attempts = [
            served.client.post("/api/v2/users", json={"email": email.upper(), "name": "Two"}),
            served.client.post("/api/v2/roles", json={"name": "taken", "permissions": []}),
            served.client.post("/api/v2/roles", json={"name": "admin", "permissions": []}),
            served.client.post("/api/v2/tenants", json={"slug": "taken", "name": "Taken"}),
        ]
        assert [codes(answer) for answer in attempts] == [
            ["EMAIL_TAKEN"],
            ["ROLE_EXISTS"],
            ["ROLE_EXISTS"],
            ["SLUG_TAKEN"],
        ]
        assert served.client.patch("/api/v2/roles/admin", json={"permissions": []}).status_code == 409
        assert served.client.delete("/api/v2/roles/user").status_code == 409

    def test_422_for_roles_and_passwords_that_cannot_be(self, served: Served) -> None:
        """A role that does not exist, a password that is the address, an address that is none."""
        bodies = [
            {"email": "a@example.org", "name": "A", "roles": ["nonesuch"]},
            {"email": "longer.name@example.org", "name": "A", "password": "longer.name"},
            {"email": "no-address", "name": "A"},
        ]
        answers = [served.client.post("/api/v2/users", json=body) for body in bodies]
        assert [answer.status_code for answer in answers] == [422] * 3
        assert codes(answers[0]) == ["UNKNOWN_ROLE"] and codes(answers[1]) == ["PASSWORD_IS_EMAIL"]


class TestTenants:
    def test_a_tenants_administrator_rules_there_and_nowhere_else(self, served: Served, elsewhere: Any) -> None:
        """In its own tenant it does everything; tenants, limits and signing keys are not its business."""
        assert len(elsewhere.get("/api/v2/users").json()["data"]) == 1
        key = made(elsewhere, "/api/v2/keys", name="all of mine", scopes=["*"])["key"]
        with served.with_key(key) as client:
            assert client.get("/api/v2/keys").status_code == 200
            for caller in (client, elsewhere):
                for path in ("/api/v2/tenants", "/api/v2/signing-keys", "/api/v2/limits", "/metrics"):
                    assert caller.get(path).status_code == 403, path
                refused = caller.post("/api/v2/keys", json={"name": "x", "scopes": ["tenants:read"]})
                assert refused.status_code == 403

    def test_a_disabled_tenant_is_shut(self, served: Served) -> None:
        """Keys of a disabled tenant are refused at once, and work again when it is enabled; the default one stays."""
        email = f"{uuid4()}@example.org"
        admin = {"email": email, "name": "Boss", "password": PASSWORD}
        tenant = made(served.client, "/api/v2/tenants", slug="shut", name="Shut", admin=admin)
        boss = bearer(served, email)
        address = f"/api/v2/tenants/{tenant['id']}"
        for enabled, status in ((False, 401), (True, 200)):
            assert served.client.patch(address, json={"enabled": enabled}).status_code == 200
            assert boss.get("/auth/me").status_code == status
        default = served.client.get("/auth/me").json()["tenant"]["id"]
        assert served.client.patch(f"/api/v2/tenants/{default}", json={"enabled": False}).status_code == 409


class TestAudit:
    def test_every_act_stands_in_it(self, served: Served) -> None:
        """Each change of a key is an entry with who, what, whom, from where and in which request."""
        key = made(served.client, "/api/v2/keys", name="audited", scopes=[])
        address = f"/api/v2/keys/{key['id']}"
        served.client.patch(address, json={"name": "renamed"})
        served.client.post(f"{address}/rotate", json={})
        served.client.delete(address, headers={"X-Request-ID": "the-revocation"})
        found = served.client.get("/api/v2/audit", params={"subject": f"key:{key['id']}"}).json()["data"]
        assert [entry["action"] for entry in found] == ["key.revoked", "key.changed", "key.created"]
        assert found[0]["request_id"] == "the-revocation" and found[0]["address"] == "127.0.0.1"
        assert found[0]["actor"].startswith("key:environment-") and found[0]["outcome"] == "done"

    def test_an_act_that_fails_is_not_in_it(self, served: Served) -> None:
        """The entry stands in the transaction of the act: refused, there is neither."""
        before = served.sql("SELECT count(*) FROM audit_log WHERE action = 'role.created'")[0][0]
        assert served.client.post("/api/v2/roles", json={"name": "admin", "permissions": []}).status_code == 409
        assert served.sql("SELECT count(*) FROM audit_log WHERE action = 'role.created'")[0][0] == before

    def test_by_cursor_every_entry_is_seen_once(self, served: Served) -> None:
        """Forwards and backwards again, the pages hold all entries in order, none twice."""
        for _ in range(7):
            made(served.client, "/api/v2/keys", name="many", scopes=[])
        whole = self._walk(served, "/api/v2/audit?limit=100&action=key.created", "next")
        paged = self._walk(served, "/api/v2/audit?limit=3&action=key.created", "next")
        assert len(whole) > 7 and paged == whole

    def test_a_cursor_belongs_to_its_query(self, served: Served) -> None:
        """With other filters, altered, or in another list a cursor is 400."""
        first = served.client.get("/api/v2/audit?limit=1&action=key.created").json()
        cursor = first["meta"]["pagination"]["next"]
        for path in (
            f"/api/v2/audit?action=key.revoked&cursor={cursor}",
            f"/api/v2/audit?cursor={cursor}",
            f"/api/v2/audit?action=key.created&cursor={altered(cursor)}",
            f"/api/v2/keys?cursor={cursor}",
        ):
            answer = served.client.get(path)
            assert answer.status_code == 400 and codes(answer) == ["INVALID_CURSOR"], path

    @staticmethod
    def _walk(served: Served, path: str, direction: str) -> list[str]:
        found: list[str] = []
        for _ in range(100):
            page = served.client.get(path).json()
            found += [entry["id"] for entry in page["data"]]
            following = [link["href"] for link in page["links"] if link["rel"] == direction]
            if not following:
                return found
            path = following[0]
        raise AssertionError("the pages do not end")


class TestLogin:
    @pytest.mark.parametrize("prefix", ["", "/api/v2"])
    def test_from_registration_to_logout(self, served: Served, prefix: str) -> None:
        """Registered, logged in, renewed, logged out: plain under `/auth`, enveloped under `/api/v2/auth`."""
        client, email = served.anonymous, f"{uuid4()}@example.org"

        def data(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
            assert answer.status_code == status, answer.text
            assert answer.headers["cache-control"] == "no-store"
            found: dict[str, Any] = answer.json()["data"] if prefix else answer.json()
            return found

        body = {"email": email, "password": PASSWORD}
        registered = data(client.post(f"{prefix}/auth/register", json={**body, "name": "Maria"}), 201)
        tokens = data(client.post(f"{prefix}/auth/login", json=body))
        assert tokens["token_type"] == "Bearer" and tokens["expires_in"] == 900
        tokens = data(client.post(f"{prefix}/auth/refresh", json={"refresh_token": tokens["refresh_token"]}))
        header = {"Authorization": f"Bearer {tokens['access_token']}"}
        me = data(client.get(f"{prefix}/auth/me", headers=header))
        assert me["user_id"] == registered["user_id"] and me["email"] == email and me["roles"] == ["user"]
        assert client.post(f"{prefix}/auth/logout", headers=header).status_code == 204
        assert client.get(f"{prefix}/auth/me", headers=header).status_code == 401
        assert client.post(f"{prefix}/auth/logout").status_code == 401

    def test_reuse_has_its_own_code(self, served: Served, person: Any) -> None:
        """A stolen token's use is told apart from a wrong one, so that a client can warn its user."""
        email = person("user").get("/auth/me").json()["email"]
        first = served.anonymous.post("/auth/login", json={"email": email, "password": PASSWORD}).json()
        second = served.anonymous.post("/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
        served.anonymous.post("/auth/refresh", json={"refresh_token": second["refresh_token"]})
        reused = served.anonymous.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
        assert reused.status_code == 401 and codes(reused) == ["REFRESH_TOKEN_REUSED"]
        assert reused.headers["www-authenticate"].startswith("Bearer")

    def test_an_account_that_is_unknown_and_one_that_is_known_answer_alike(self, served: Served, person: Any) -> None:
        """Wrong password and unknown account: the same bytes but for the request's own id and time."""
        known = person("user").get("/auth/me").json()["email"]
        bodies = []
        for email in (known, f"{uuid4()}@example.org"):
            answer = served.anonymous.post("/auth/login", json={"email": email, "password": "not the password"})
            told = answer.json()
            bodies.append({**told, "timestamp": "", "request_id": "", "trace_id": ""})
            assert answer.status_code == 401
        assert bodies[0] == bodies[1]

    def test_sixth_failure_is_429_with_the_seconds(self, served: Served) -> None:
        """After five failures the answer says how long to wait, for an account that does not exist too."""
        body = {"email": f"{uuid4()}@example.org", "password": "wrong password"}
        answers = [served.anonymous.post("/auth/login", json=body) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert int(answers[5].headers["retry-after"]) >= 1

    def test_the_keys_that_verify_are_public(self, served: Served) -> None:
        """Anybody may read the JWKS, may keep it for five minutes, and finds no private part in it."""
        answer = served.anonymous.get("/.well-known/jwks.json")
        assert answer.status_code == 200 and answer.headers["cache-control"] == "public, max-age=300"
        assert all(set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"} for key in answer.json()["keys"])

    def test_a_hundred_logins_at_once_stay_in_bounds(self, served: Served, person: Any) -> None:
        """Under a rush of logins every answer is one of those that are documented, and others are still served."""
        email = person("user").get("/auth/me").json()["email"]

        def once(number: int) -> int:
            body = {"email": email if number % 2 else f"{uuid4()}@example.org", "password": PASSWORD}
            return httpx.post(f"{served.url}/auth/login", json=body, timeout=30).status_code

        with ThreadPoolExecutor(20) as threads:
            rush = threads.map(once, range(60))
            assert served.anonymous.get("/livez").status_code == 200
            assert set(rush) <= {200, 401, 429, 503}
