"""People who like things, in a house that a shop stands behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

import httpx

from tests.house import NO_TLS, Served, sql

PASSWORD = "correct horse battery"
VERSIONS = ("v1", "v2")
_numbers = count(1)


@dataclass
class Person:
    """Somebody who is logged in; `v1` and `v2` are where favourites are."""

    id: str
    email: str
    client: httpx.Client

    def likes(self, product: int, **members: Any) -> dict[str, Any]:
        """A favourite that was just added."""
        answer = self.client.post("/api/v1/favorites", json={"product_id": product, **members})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def liked(self) -> list[dict[str, Any]]:
        answer = self.client.get("/api/v1/favorites")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found


def entered(served: Served, email: str) -> httpx.Client:
    """A client that is logged in."""
    answer = served.anonymous.post("/api/v2/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    held = {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}
    return httpx.Client(base_url=served.url, headers=held, timeout=30, verify=NO_TLS)


@contextmanager
def person(served: Served, *roles: str) -> Iterator[Person]:
    """A new user of the default tenant, with the role `user` unless roles are named."""
    email = f"person-{next(_numbers)}@example.org"
    body = {"email": email, "name": "Somebody", "password": PASSWORD, "roles": list(roles or ("user",))}
    made = served.client.post("/api/v2/users", json=body)
    assert made.status_code == 201, made.text
    with entered(served, email) as client:
        yield Person(made.json()["data"]["id"], email, client)


@contextmanager
def stranger(served: Served) -> Iterator[Person]:
    """The administrator of another tenant."""
    slug = f"elsewhere-{next(_numbers)}"
    email = f"boss@{slug}.example"
    admin = {"email": email, "name": "Boss", "password": PASSWORD}
    made = served.client.post("/api/v2/tenants", json={"slug": slug, "name": slug, "admin": admin})
    assert made.status_code == 201, made.text
    with entered(served, email) as client:
        me = client.get("/api/v2/auth/me").json()["data"]
        yield Person(me["user_id"], email, client)


def stored(served: Served, *products: int, title: str = "Thing", category: str = "electronics") -> None:
    """Products as the copy has them, without anybody having asked the shop."""
    sql(
        served.database_url,
        "INSERT INTO store_products (id, title, price, description, category, image, seen_at) "
        "SELECT id, $2 || ' ' || id, 9.90, 'Words about it', $3, 'https://shop.example/' || id || '.jpg', now() "
        "FROM unnest($1::int[]) AS id ON CONFLICT DO NOTHING",
        list(products),
        title,
        category,
    )


def stored_one(served: Served, product: int) -> int:
    stored(served, product)
    return product


def shown(answer: httpx.Response) -> Any:
    """What an answer says, in either version."""
    body = answer.json()
    return body["data"] if "/api/v2/" in answer.request.url.path else body


def rows_of(served: Served, user: str) -> list[dict[str, Any]]:
    """Every row of a user's favourites, those taken back too."""
    found = served.sql("SELECT * FROM store_favorites WHERE user_id = $1 ORDER BY product_id", UUID(user))
    return [dict(row) for row in found]
