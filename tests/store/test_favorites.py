"""Favourites: whose they are, what becomes of them, and that there is one for each user and product."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import House
from tests.contract.problems import problem
from tests.house import Served
from tests.store.liking import VERSIONS, Person, person, rows_of, shown, stored, stored_one, stranger

CROWD = 10
_products = count(1000)


@dataclass
class People:
    user: Person
    admin: Person
    stranger: Person
    key: httpx.Client
    manager: httpx.Client
    nobody: httpx.Client

    def client(self, who: str) -> httpx.Client:
        found: Any = getattr(self, who)
        return found.client if isinstance(found, Person) else found


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    """A house whose shop refuses every connection: what is stored is all there is."""
    with house(LIMITS__ENABLED="false", TELEMETRY__ACCESS_LOG="false") as running:
        yield running


@pytest.fixture(scope="module")
def people(served: Served) -> Iterator[People]:
    """A user, an administrator, another tenant's administrator, a key without permissions, one that manages."""
    with ExitStack() as stack:
        yield People(
            user=stack.enter_context(person(served)),
            admin=stack.enter_context(person(served, "admin")),
            stranger=stack.enter_context(stranger(served)),
            key=stack.enter_context(served.with_key(served.key("pets:write"))),
            manager=stack.enter_context(served.with_key(served.key("favorites:admin"))),
            nobody=served.anonymous,
        )


@pytest.fixture
def product(served: Served) -> int:
    """A stored product that nobody likes yet."""
    number = next(_products)
    stored(served, number)
    return number


def without_request(answer: httpx.Response, *named: str) -> tuple[int, bytes]:
    """An answer's status and bytes but for what names the request."""
    body = re.sub(rb'"(timestamp|request_id|trace_id)":"[^"]*"', b"", answer.content)
    for value in named:
        body = body.replace(value.encode(), b"")
    return answer.status_code, body


# Who calls, and what each gets from list, add, read, replace, remove of a user's favourite.
STATUSES = {
    "user": (200, 201, 200, 200, 204),
    "admin": (200, 201, 200, 200, 204),
    "manager": (200, 403, 200, 200, 204),
    "key": (403, 403, 403, 403, 403),
    "stranger": (200, 201, 404, 404, 404),
    "nobody": (401, 401, 401, 401, 401),
}


class TestWho:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("who", STATUSES)
    def test_every_route_answers_each_as_it_must(
        self, served: Served, people: People, product: int, version: str, who: str
    ) -> None:
        """User, administrator, keys, another tenant and nobody on every route; who may not changes nothing."""
        favorite = people.user.likes(product, review="mine")
        other = next(_products)
        stored(served, other)
        base, client = f"/api/{version}/favorites", people.client(who)
        where, body = f"{base}/{favorite['id']}", {"product_id": product, "review": f"by {who}", "rating": 4}
        answers = [
            client.get(base),
            client.post(base, json={"product_id": other}),
            client.get(where),
            client.put(where, json=body),
            client.delete(where),
        ]
        assert tuple(answer.status_code for answer in answers) == STATUSES[who], [one.text for one in answers]
        row = next(row for row in rows_of(served, people.user.id) if row["product_id"] == product)
        changed = 200 in STATUSES[who][3:]
        assert (row["review"], row["deleted_at"] is not None) == (f"by {who}" if changed else "mine", changed)
        seen = str(favorite["id"]) in answers[0].text
        assert seen == (who in ("user", "admin", "manager"))

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_anothers_is_nobodys(self, people: People, product: int, version: str, method: str) -> None:
        """A favourite of somebody else is answered with the very bytes of one that is not there."""
        theirs, none = people.admin.likes(product)["id"], str(uuid4())
        body = {"json": {"product_id": product}} if method == "PUT" else {}
        real, vain = (
            people.user.client.request(method, f"/api/{version}/favorites/{favorite}", **body)
            for favorite in (theirs, none)
        )
        problem(real, 404, "NOT_FOUND")
        assert without_request(real, theirs) == without_request(vain, none)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_user_names_nobody_but_themself(self, people: People, product: int, version: str) -> None:
        """`user_id` of somebody else is refused in the same bytes whether they exist or not; one's own is no news."""
        base = f"/api/{version}/favorites"
        mine = people.user.likes(product)
        real, vain = (
            people.user.client.get(base, params={"user_id": user}) for user in (people.admin.id, str(uuid4()))
        )
        problem(real, 403, "FORBIDDEN")
        assert without_request(real) == without_request(vain)
        own = shown(people.user.client.get(base, params={"user_id": people.user.id}))
        assert mine["id"] in {row["id"] for row in own}

    @pytest.mark.parametrize("version", VERSIONS)
    def test_an_administrator_sees_all_or_one_users(self, people: People, product: int, version: str) -> None:
        """Everybody's, a user's, and of a user who does not exist nothing."""
        base = f"/api/{version}/favorites"
        theirs, own = people.user.likes(product), people.admin.likes(product)
        ask = {"sort_by": "created_at", "sort_order": "desc"}
        everybodys = {row["id"] for row in shown(people.admin.client.get(base, params=ask))}
        assert {theirs["id"], own["id"]} <= everybodys
        users = shown(people.admin.client.get(base, params={"user_id": people.user.id, **ask}))
        assert theirs["id"] in {row["id"] for row in users}
        assert {row["user_id"] for row in users} == {people.user.id}
        assert shown(people.admin.client.get(base, params={"user_id": str(uuid4())})) == []

    def test_a_key_is_told_why(self, people: People, product: int) -> None:
        """A key that manages everybody's favourites has none of its own, and learns that in words."""
        refused = problem(people.manager.post("/api/v1/favorites", json={"product_id": product}), 403, "FORBIDDEN")
        assert "no account" in refused["detail"]


class TestAdd:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_201_shows_the_product_within(self, people: People, product: int, version: str) -> None:
        """A new favourite has its place, its tag and the product's data."""
        body = {"product_id": product, "review": " Warm. ", "rating": 5}
        answer = people.user.client.post(f"/api/{version}/favorites", json=body)
        assert answer.status_code == 201, answer.text
        favorite = shown(answer)
        assert answer.headers["location"] == f"/api/{version}/favorites/{favorite['id']}"
        assert (favorite["user_id"], favorite["version"]) == (people.user.id, 1)
        assert (favorite["review"], favorite["rating"]) == ("Warm.", 5)
        assert favorite["product"] == {
            "id": product,
            "title": f"Thing {product}",
            "price": 9.9,
            "category": "electronics",
            "image": f"https://shop.example/{product}.jpg",
            "vanished": False,
        }
        read = people.user.client.get(answer.headers["location"])
        assert shown(read) == favorite
        assert read.headers["etag"] == answer.headers["etag"]

    @pytest.mark.parametrize("version", VERSIONS)
    def test_409_shows_the_present_one(self, served: Served, people: People, product: int, version: str) -> None:
        """What is liked already is not liked twice: the answer holds what there is, unchanged."""
        present = people.user.likes(product, review="first", rating=2)
        body = {"product_id": product, "review": "second"}
        refused = problem(people.user.client.post(f"/api/{version}/favorites", json=body), 409, "FAVORITE_EXISTS")
        assert refused["data"] == present

    @pytest.mark.parametrize("version", VERSIONS)
    def test_taken_back_and_liked_again_is_the_same_one(self, people: People, product: int, version: str) -> None:
        """Reviving gives 201, the same id, the new values, a new version, and one row."""
        base, client = f"/api/{version}/favorites", people.user.client
        first = people.user.likes(product, review="old", rating=1)
        assert client.delete(f"{base}/{first['id']}").status_code == 204
        assert client.get(f"{base}/{first['id']}").status_code == 404
        again = client.post(base, json={"product_id": product, "rating": 5})
        assert again.status_code == 201, again.text
        revived = shown(again)
        assert (revived["id"], revived["review"], revived["rating"]) == (first["id"], None, 5)
        assert revived["version"] == 3
        assert revived["created_at"] > first["created_at"]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "product_id"),
            ({"product_id": 0}, "product_id"),
            ({"product_id": 2**31}, "product_id"),
            ({"product_id": "3"}, "product_id"),
            ({"product_id": 3, "rating": 0}, "rating"),
            ({"product_id": 3, "rating": 6}, "rating"),
            ({"product_id": 3, "rating": 4.5}, "rating"),
            ({"product_id": 3, "review": " "}, "review"),
            ({"product_id": 3, "review": "x" * 2001}, "review"),
            ({"product_id": 3, "user_id": str(uuid4())}, "user_id"),
        ],
    )
    def test_422_names_the_field(self, people: People, body: dict[str, Any], field: str) -> None:
        """What is not acceptable is named once, by both versions and by adding and replacing alike."""
        for version in VERSIONS:
            base = f"/api/{version}/favorites"
            for method, path in (("POST", base), ("PUT", f"{base}/{uuid4()}")):
                answer = people.user.client.request(method, path, json=body)
                errors = problem(answer, 422, "VALIDATION_ERROR")["errors"]
                assert [error["field"] for error in errors] == [field]

    @pytest.mark.parametrize("version", VERSIONS)
    def test_tabs_that_race_make_one(self, served: Served, people: People, product: int, version: str) -> None:
        """Of many who like the same at once one gets 201, the others the same favourite with 409; there is one row."""

        def like(_: int) -> httpx.Response:
            return people.user.client.post(f"/api/{version}/favorites", json={"product_id": product})

        with ThreadPoolExecutor(CROWD) as crowd:
            answers = list(crowd.map(like, range(CROWD)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * (CROWD - 1)
        assert len({answer.json()["data"]["id"] for answer in answers if answer.status_code == 409}) == 1
        assert [row["product_id"] for row in rows_of(served, people.user.id)].count(product) == 1

    def test_tabs_that_revive_at_once_make_one(self, served: Served, people: People, product: int) -> None:
        """What was taken back is revived once, however many want it."""
        first = people.user.likes(product)
        people.user.client.delete(f"/api/v1/favorites/{first['id']}")

        def like(_: int) -> int:
            return people.user.client.post("/api/v2/favorites", json={"product_id": product}).status_code

        with ThreadPoolExecutor(CROWD) as crowd:
            assert sorted(crowd.map(like, range(CROWD))) == [201] + [409] * (CROWD - 1)
        row = next(row for row in rows_of(served, people.user.id) if row["product_id"] == product)
        assert (str(row["id"]), row["version"]) == (first["id"], 3)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_repeated_request_is_answered_again(self, people: People, product: int, version: str) -> None:
        """With one Idempotency-Key the second request gets the first one's answer, and not a 409."""
        base, headers = f"/api/{version}/favorites", {"Idempotency-Key": uuid4().hex}
        body = {"product_id": product, "review": "once"}
        first, second = (people.user.client.post(base, json=body, headers=headers) for _ in range(2))
        assert (first.status_code, second.status_code) == (201, 201)
        assert second.headers["idempotency-replayed"] == "true"
        assert shown(first) == shown(second)
        other = people.user.client.post(base, json={**body, "review": "twice"}, headers=headers)
        problem(other, 422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("version", VERSIONS)
class TestChange:
    def test_all_of_it_is_replaced(self, people: People, product: int, version: str) -> None:
        """What the body does not name is empty afterwards; the version grows and makes a new tag."""
        favorite = people.user.likes(product, review="long", rating=3)
        where = f"/api/{version}/favorites/{favorite['id']}"
        answer = people.user.client.put(where, json={"product_id": product, "rating": 4})
        assert answer.status_code == 200, answer.text
        changed = shown(answer)
        assert (changed["review"], changed["rating"], changed["version"]) == (None, 4, 2)
        assert shown(people.user.client.get(where)) == changed

    def test_a_condition_is_compared_and_set(self, people: People, product: int, version: str) -> None:
        """An old tag gets 412 with the present favourite; of writers with one tag one wins; deleting heeds it too."""
        favorite = people.user.likes(product)
        where, client = f"/api/{version}/favorites/{favorite['id']}", people.user.client
        body, tag = {"product_id": product, "rating": 5}, client.get(where).headers["etag"]

        def write(_: int) -> int:
            return client.put(where, json=body, headers={"If-Match": tag}).status_code

        with ThreadPoolExecutor(5) as crowd:
            assert sorted(crowd.map(write, range(5))) == [200, 412, 412, 412, 412]
        stale = client.delete(where, headers={"If-Match": tag})
        refused = problem(stale, 412, "PRECONDITION_FAILED")
        assert (refused["data"]["version"], refused["data"]["rating"]) == (2, 5)
        assert client.delete(where, headers={"If-Match": stale.headers["etag"]}).status_code == 204

    def test_304_for_who_has_it(self, people: People, product: int, version: str) -> None:
        """A tag that still holds is confirmed without a body, for one favourite and for the list."""
        where = f"/api/{version}/favorites/{people.user.likes(product)['id']}"
        for path in (where, f"/api/{version}/favorites"):
            tag = people.user.client.get(path).headers["etag"]
            assert people.user.client.get(path, headers={"If-None-Match": tag}).status_code == 304

    def test_409_for_a_product_that_is_liked_elsewhere(
        self, served: Served, people: People, product: int, version: str
    ) -> None:
        """No favourite becomes another living one; `data` is that one, and both stay as they are."""
        other = product + 500_000
        stored_other = people.user.likes(stored_one(served, other), review="other")
        mine = people.user.likes(product, review="mine")
        where = f"/api/{version}/favorites/{mine['id']}"
        answer = people.user.client.put(where, json={"product_id": other})
        assert problem(answer, 409, "FAVORITE_EXISTS")["data"] == stored_other
        assert shown(people.user.client.get(where)) == mine

    def test_one_that_was_taken_back_makes_room(
        self, served: Served, people: People, product: int, version: str
    ) -> None:
        """A favourite may become one of a product that was taken back: that row goes, and one is left."""
        other = stored_one(served, product + 500_000)
        gone, mine = people.user.likes(other), people.user.likes(product)
        people.user.client.delete(f"/api/{version}/favorites/{gone['id']}")
        where = f"/api/{version}/favorites/{mine['id']}"
        answer = people.user.client.put(where, json={"product_id": other})
        assert (answer.status_code, shown(answer)["product"]["id"]) == (200, other), answer.text
        left = [str(row["id"]) for row in rows_of(served, people.user.id) if row["product_id"] in (other, product)]
        assert left == [mine["id"]]

    def test_changes_that_cross_each_other_end(
        self, served: Served, people: People, product: int, version: str
    ) -> None:
        """Two favourites that want each other's product are both refused, however often at once, and nothing hangs."""
        other = stored_one(served, product + 500_000)
        pair = [people.user.likes(number) for number in (product, other)]

        def swap(turn: int) -> int:
            mine, wanted = pair[turn % 2], pair[1 - turn % 2]["product_id"]
            where = f"/api/{version}/favorites/{mine['id']}"
            return people.user.client.put(where, json={"product_id": wanted}).status_code

        with ThreadPoolExecutor(8) as crowd:
            assert set(crowd.map(swap, range(24))) == {409}

    def test_a_change_and_an_addition_that_race_leave_one(
        self, served: Served, people: People, product: int, version: str
    ) -> None:
        """A favourite that becomes one of a product which is being liked: one of the two is refused with 409."""
        for turn in range(6):
            other = stored_one(served, product + 500_000 * (turn + 2))
            mine = people.user.likes(product)
            where = f"/api/{version}/favorites/{mine['id']}"
            calls = [
                lambda where=where, other=other: people.user.client.put(where, json={"product_id": other}),
                lambda other=other: people.user.client.post("/api/v1/favorites", json={"product_id": other}),
            ]
            with ThreadPoolExecutor(2) as crowd:
                statuses = sorted(answer.status_code for answer in crowd.map(lambda call: call(), calls))
            assert statuses in ([200, 409], [201, 409])
            assert [row["product_id"] for row in rows_of(served, people.user.id)].count(other) == 1
            people.user.client.delete(where)

    def test_an_administrator_changes_it_for_its_user(self, people: People, product: int, version: str) -> None:
        """It stays the user's, whoever changes it."""
        mine = people.user.likes(product)
        where = f"/api/{version}/favorites/{mine['id']}"
        changed = people.admin.client.put(where, json={"product_id": product, "review": "moderated"})
        assert (shown(changed)["user_id"], shown(changed)["review"]) == (people.user.id, "moderated")
        assert shown(people.user.client.get(where))["review"] == "moderated"
