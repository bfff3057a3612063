"""Lists of administrators: what they are searched by, narrowed by and sorted by, page after page."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import House
from tests.house import Served

NAMES = ("Zoë 100%", "Bea", "ana", "Bea", "under_score")


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house(LIMITS__ENABLED="false") as running:
        for number, name in enumerate(NAMES):
            role = {"roles": ["viewer"]} if name == "Bea" else {}
            body = {"email": f"User{number}@lists.example", "name": name, **role}
            assert running.client.post("/api/v2/users", json=body).status_code == 201
            tenant = {"slug": f"list-{number}", "name": name}
            assert running.client.post("/api/v2/tenants", json=tenant).status_code == 201
        for name, words in (("clerk", "Reads 50% of it"), ("baker", "Bakes"), ("cook", "Cooks")):
            body = {"name": name, "description": words, "permissions": ["pets:write"]}
            assert running.client.post("/api/v2/roles", json=body).status_code == 201
        yield running


def listed(served: Served, path: str, shown: str, **asked: Any) -> list[str]:
    answer = served.client.get(f"/api/v2/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return [row[shown] for row in answer.json()["data"]]


def walked(served: Served, path: str, shown: str, **asked: Any) -> list[str]:
    """All rows by cursor, two a page, there; and the same back."""
    there, address, params = [], f"/api/v2/{path}", {**asked, "limit": 2}
    answer = served.client.get(address, params=params)
    for _ in range(20):
        assert answer.status_code == 200, answer.text
        there.append([row[shown] for row in answer.json()["data"]])
        links = {link["rel"]: link["href"] for link in answer.json()["links"]}
        if "next" not in links:
            break
        answer = served.client.get(links["next"].removeprefix("https://api.example.org"))
    before = served.client.get(links["prev"].removeprefix("https://api.example.org")).json()["data"]
    assert [row[shown] for row in before] == there[-2]
    return [name for page in there for name in page]


@pytest.mark.parametrize(
    ("search", "found"),
    [("bea", ["Bea", "Bea"]), ("USER2@", ["ana"]), ("%", ["Zoë 100%"]), ("_", ["under_score"]), ("nobody", [])],
)
def test_users_are_searched(served: Served, search: str, found: list[str]) -> None:
    """By a part of the name or of the address, whatever its case; what means something to SQL is a letter as any."""
    assert listed(served, "users", "name", search=search) == found


def test_users_are_narrowed(served: Served) -> None:
    """By role and by whether they may come in."""
    assert listed(served, "users", "name", role="viewer") == ["Bea", "Bea"]
    [ana] = served.client.get("/api/v2/users", params={"search": "ana"}).json()["data"]
    served.client.patch(f"/api/v2/users/{ana['id']}", json={"enabled": False})
    assert listed(served, "users", "name", enabled=False) == ["ana"]
    assert "ana" not in listed(served, "users", "name", enabled=True)
    served.client.patch(f"/api/v2/users/{ana['id']}", json={"enabled": True})


@pytest.mark.parametrize("path", ["users", "tenants"])
def test_by_name_every_page_follows_the_one_before(served: Served, path: str) -> None:
    """By cursor in either direction, each row once, two of one name among them."""
    by_name = listed(served, path, "id", sort_by="name", per_page=100)
    assert len(set(by_name)) == len(by_name) >= len(NAMES)
    assert walked(served, path, "id", sort_by="name") == by_name
    assert walked(served, path, "id", sort_by="name", sort_order="desc") == by_name[::-1]
    names = listed(served, path, "name", sort_by="name", per_page=100)
    first = names.index("Bea")
    assert names[first : first + 2] == ["Bea", "Bea"]


@pytest.mark.parametrize("path", ["users", "tenants", "roles"])
def test_by_what_lists_go_unless_said(served: Served, path: str) -> None:
    """The other direction is the same list from its end."""
    here = listed(served, path, "name", per_page=100)
    assert listed(served, path, "name", sort_order="desc" if path == "roles" else "asc", per_page=100) == here[::-1]


def test_tenants_are_searched_narrowed_and_sorted(served: Served) -> None:
    """By slug or name, plan, and whether they are enabled."""
    served.client.put("/api/v2/plans/gold", json={"rate": "100/minute"})
    [one] = served.client.get("/api/v2/tenants", params={"search": "LIST-2"}).json()["data"]
    served.client.patch(f"/api/v2/tenants/{one['id']}", json={"plan": "gold", "enabled": False})
    assert listed(served, "tenants", "slug", plan="gold") == ["list-2"]
    assert listed(served, "tenants", "slug", enabled=False) == ["list-2"]
    slugs = listed(served, "tenants", "slug", sort_by="slug", search="list-")
    assert slugs == [f"list-{number}" for number in range(len(NAMES))]
    assert listed(served, "tenants", "slug", sort_by="slug", sort_order="desc", search="list-") == slugs[::-1]


def test_roles_are_searched(served: Served) -> None:
    """By name or description."""
    assert listed(served, "roles", "name", search="BAKE") == ["baker"]
    assert listed(served, "roles", "name", search="50%") == ["clerk"]
    assert listed(served, "roles", "name", search="er") == ["baker", "clerk"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("users", {"sort_by": "email"}),
        ("users", {"sort_order": "up"}),
        ("tenants", {"sort_by": "plan"}),
        ("roles", {"sort_by": "name"}),
        ("users", {"search": "x" * 255}),
    ],
)
def test_lists_are_sorted_by_what_is_said_only(served: Served, path: str, asked: dict[str, str]) -> None:
    """What is no column of the closed list is refused."""
    assert served.client.get(f"/api/v2/{path}", params=asked).status_code == 422


def test_a_cursor_is_good_for_its_own_order(served: Served) -> None:
    """A place in one order says nothing in another."""
    answer = served.client.get("/api/v2/users", params={"sort_by": "name", "limit": 1}).json()
    cursor = answer["meta"]["pagination"]["next"]
    assert served.client.get("/api/v2/users", params={"cursor": cursor}).status_code == 400
    again = {"cursor": cursor, "sort_by": "name", "sort_order": "desc"}
    assert served.client.get("/api/v2/users", params=again).status_code == 400


class TestAudit:
    """What an entry is found by."""

    def test_a_star_stands_for_what_follows(self, served: Served) -> None:
        """`role.*` is everything done to roles; without a star the whole must be equal."""
        assert set(listed(served, "audit", "action", action="role.*")) == {"role.created"}
        assert len(listed(served, "audit", "action", action="role.created")) == 3
        assert listed(served, "audit", "action", action="role") == []
        assert len(listed(served, "audit", "subject", subject="role:*")) == 3
        assert listed(served, "audit", "action", action="r_le.*") == []
        assert set(listed(served, "audit", "actor", actor="key:*")) == {"key:environment-" + served_key(served)}

    def test_by_the_request(self, served: Served) -> None:
        """An entry is found by the id of its request, which callers and logs know."""
        answer = served.client.post("/api/v2/keys", json={"name": "one", "scopes": ["pets:write"]})
        found = listed(served, "audit", "action", request_id=answer.headers["x-request-id"])
        assert found == ["key.created"]


def served_key(served: Served) -> str:
    identity: str = served.client.get("/api/v2/auth/me").json()["data"]["id"]
    return identity.rpartition("-")[2]


class TestPermissions:
    """What roles and keys can be made of."""

    def test_each_is_said_in_words_and_whether_it_is_held(self, served: Served) -> None:
        """Every permission of the house once, with what it allows; what the caller lacks is marked."""
        found = served.client.get("/api/v2/permissions").json()["data"]
        names = [one["name"] for one in found]
        assert names == sorted(set(names))
        assert {"pets:write", "users:write", "limits:write"} <= set(names)
        assert "account:use" not in names
        assert all(one["description"] and one["held"] for one in found)
        with served.with_key(served.key("pets:write")) as narrow:
            held = {one["name"] for one in narrow.get("/api/v2/permissions").json()["data"] if one["held"]}
        assert held == {"pets:write"}

    def test_those_of_the_platform_are_for_its_own_tenant(self, served: Served) -> None:
        """Elsewhere nobody can hold them, so nobody is offered them."""
        password = "a long password of nobody"
        admin = {"email": "admin@offered.example", "name": "Admin", "password": password}
        assert served.client.post("/api/v2/tenants", json={"slug": "offered", "name": "O", "admin": admin}).is_success
        login = {"email": admin["email"], "password": password, "tenant": "offered"}
        token = served.anonymous.post("/api/v2/auth/login", json=login).json()["data"]["access_token"]
        found = served.anonymous.get("/api/v2/permissions", headers={"Authorization": f"Bearer {token}"}).json()["data"]
        assert not {"limits", "tenants", "metrics"} & {one["name"].partition(":")[0] for one in found}
        assert all(one["held"] for one in found)
