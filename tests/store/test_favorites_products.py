"""Favourites of products that are not stored yet, that vanished, that never were; and what the database holds to."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import asyncpg
import pytest
import redis

from esteio.standins.fakestore import Shop, running_fakestore
from tests.conftest import House
from tests.contract.problems import problem
from tests.house import AMPLE, Served, eventually
from tests.store.liking import VERSIONS, Person, person, rows_of, shown, stored, stored_one, stranger

BOUND = 1.8 + 3.0
"""Seconds within which a call to the shop is given up, and what a busy machine may add."""


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with running_fakestore() as running:
        yield running


@pytest.fixture
def redis_url(new_redis: Callable[[], str]) -> str:
    return new_redis()


@pytest.fixture
def served(house: House, shop: Shop, redis_url: str) -> Iterator[Served]:
    """A house on a healthy shop, with nothing stored and nothing cached."""
    shop.reset()
    quiet = {"LIMITS__ENABLED": "false", "TELEMETRY__ACCESS_LOG": "false"}
    with house(redis_url=redis_url, STORE__UPSTREAM_URL=shop.url, **quiet) as running:
        yield running
    shop.reset()


@pytest.fixture
def user(served: Served) -> Iterator[Person]:
    with person(served) as somebody:
        yield somebody


def copies(served: Served) -> list[int]:
    return [row["id"] for row in served.sql("SELECT id FROM store_products ORDER BY id")]


class TestUnstored:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_one_request_fetches_stores_and_likes(self, served: Served, user: Person, shop: Shop, version: str) -> None:
        """A product that nobody has asked for is a favourite after one request, and stored with it."""
        answer = user.client.post(f"/api/{version}/favorites", json={"product_id": 7})
        assert answer.status_code == 201, answer.text
        there = shop.product(7)
        product = shown(answer)["product"]
        assert (product["title"], product["price"]) == (there["title"].strip(), float(there["price"]))
        assert 7 in copies(served)
        assert shop.calls("/products/7") == 1
        answer = user.client.post(f"/api/{version}/favorites", json={"product_id": 7})
        problem(answer, 409, "FAVORITE_EXISTS")
        assert shop.calls() == 1

    def test_a_stored_one_asks_nobody(self, served: Served, user: Person, shop: Shop) -> None:
        """What is stored is liked without a call to the shop, whatever state that is in."""
        stored(served, 5)
        shop.fault("hang")
        assert user.likes(5)["product"]["title"] == "Thing 5"
        assert shop.calls() == 0

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_change_to_an_unstored_one_fetches_it_too(
        self, served: Served, user: Person, shop: Shop, version: str
    ) -> None:
        """A favourite may become one of a product that is not stored yet; keeping its product asks nobody."""
        mine = user.likes(stored_one(served, 5))
        where = f"/api/{version}/favorites/{mine['id']}"
        assert user.client.put(where, json={"product_id": 5, "rating": 1}).status_code == 200
        assert shop.calls() == 0
        changed = user.client.put(where, json={"product_id": 8})
        assert (changed.status_code, shown(changed)["product"]["id"]) == (200, 8), changed.text
        assert 8 in copies(served)

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "GET"])
    def test_nobody_is_asked_for_a_favourite_that_is_not_there(self, user: Person, shop: Shop, method: str) -> None:
        """An unknown favourite is refused before the shop is asked for the product that it would get."""
        body = {"json": {"product_id": 9}} if method == "PUT" else {}
        problem(user.client.request(method, f"/api/v1/favorites/{uuid4()}", **body), 404)
        assert shop.calls() == 0

    def test_a_key_without_account_asks_nobody(self, served: Served, shop: Shop) -> None:
        """Who cannot have favourites is refused before the shop is asked."""
        problem(served.client.post("/api/v1/favorites", json={"product_id": 9}), 403)
        assert shop.calls() == 0

    def test_many_at_once_make_one_call_and_one_row(self, served: Served, user: Person, shop: Shop) -> None:
        """Ten tabs that like the same unstored product make one call to the shop and one favourite."""

        def like(_: int) -> int:
            return user.client.post("/api/v1/favorites", json={"product_id": 11}).status_code

        with ThreadPoolExecutor(10) as crowd:
            assert sorted(crowd.map(like, range(10))) == [201] + [409] * 9
        assert shop.calls("/products/11") == 1
        assert len(rows_of(served, user.id)) == 1

    def test_a_repeated_request_asks_nobody(self, user: Person, shop: Shop) -> None:
        """A replay is answered from what was stored with the key."""
        headers = {"Idempotency-Key": "the-same"}
        for _ in range(2):
            answer = user.client.post("/api/v2/favorites", json={"product_id": 3}, headers=headers)
            assert answer.status_code == 201
            shop.fault("error_500")
        assert shop.calls() == 1


class TestUnavailable:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("fault", ["refused", "hang", "error_500", "cdn_522", "not_json", "cut_json"])
    def test_503_and_nothing_is_written(
        self, served: Served, user: Person, shop: Shop, fault: str, version: str
    ) -> None:
        """An unknown product while the shop is away: 503 with Retry-After within the bound, and no row of anything."""
        shop.fault(fault)
        began = time.monotonic()
        answer = user.client.post(f"/api/{version}/favorites", json={"product_id": 4})
        assert time.monotonic() - began < BOUND
        problem(answer, 503, "UPSTREAM_UNAVAILABLE")
        assert int(answer.headers["retry-after"]) >= 1
        assert (copies(served), rows_of(served, user.id)) == ([], [])
        assert served.sql("SELECT 1 FROM outbox WHERE name LIKE 'favorite.%'") == []

    def test_it_works_again_without_restart(self, user: Person, shop: Shop) -> None:
        """Once the shop answers and the breaker lets a probe through, the same request succeeds."""
        shop.fault("error_500")
        problem(user.client.post("/api/v1/favorites", json={"product_id": 4}), 503)
        shop.fault("none")

        def liked() -> bool:
            return user.client.post("/api/v1/favorites", json={"product_id": 4}).status_code == 201

        eventually(liked, every=0.2)

    def test_a_change_to_an_unknown_one_changes_nothing(self, served: Served, user: Person, shop: Shop) -> None:
        """503, and the favourite stays what it was."""
        mine = user.likes(stored_one(served, 5), review="kept")
        shop.fault("refused")
        where = f"/api/v1/favorites/{mine['id']}"
        problem(user.client.put(where, json={"product_id": 6}), 503, "UPSTREAM_UNAVAILABLE")
        assert user.client.get(where).json() == mine


class TestMissing:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("fault", ["none", "empty", "null", "object"])
    def test_404_names_the_product(self, served: Served, user: Person, shop: Shop, fault: str, version: str) -> None:
        """A product that the shop does not have, however it says so, is a 404 that names `product_id`."""
        shop.fault(fault)
        answer = user.client.post(f"/api/{version}/favorites", json={"product_id": 9999})
        error = problem(answer, 404, "NOT_FOUND")["errors"][0]
        assert (error["field"], error["pointer"]) == ("product_id", "#/product_id")
        assert rows_of(served, user.id) == []

    @pytest.mark.parametrize("state", ["cached", "gone", "refused"])
    def test_a_vanished_product_is_not_liked_anew(
        self, served: Served, user: Person, shop: Shop, redis_url: str, state: str
    ) -> None:
        """404 for what the shop no longer has, though Redis still holds it or the shop is away; who liked it before
        still sees it.
        """
        mine = user.likes(5)
        served.sql("UPDATE store_products SET seen_at = seen_at - interval '1 d', vanished_at = now() WHERE id = 5")
        eventually(lambda: user.liked()[0]["product"]["vanished"])
        shop.remove(5)
        if state != "cached":
            with redis.Redis.from_url(redis_url) as client:
                client.flushdb()
        shop.fault("refused" if state == "refused" else "none")
        with person(served) as other:
            answer = other.client.post("/api/v2/favorites", json={"product_id": 5})
            assert problem(answer, 404)["errors"][0]["field"] == "product_id"
        where = f"/api/v1/favorites/{mine['id']}"
        kept = user.client.put(where, json={"product_id": 5, "review": "I miss it"})
        assert (kept.status_code, kept.json()["product"]["vanished"]) == (200, True)
        user.client.delete(where)
        problem(user.client.post("/api/v1/favorites", json={"product_id": 5}), 404)

    def test_one_that_came_back_is_liked_again(self, served: Served, user: Person, shop: Shop) -> None:
        """A product that had vanished and that the shop has again is stored as such with the favourite."""
        stored(served, 6)
        served.sql("UPDATE store_products SET seen_at = now() - interval '2 d', vanished_at = now() - interval '1 d'")
        assert user.likes(6)["product"] == user.liked()[0]["product"]
        assert not user.liked()[0]["product"]["vanished"]

    def test_vanishing_is_a_change_of_what_is_shown(self, served: Served, user: Person) -> None:
        """The tag of a favourite covers the product within: once that has vanished, the old tag is no 304."""
        mine = user.likes(stored_one(served, 5))
        where = f"/api/v1/favorites/{mine['id']}"
        tag = user.client.get(where).headers["etag"]
        served.sql("UPDATE store_products SET vanished_at = now()")
        eventually(lambda: user.client.get(where, headers={"If-None-Match": tag}).status_code == 200)


class TestConstraints:
    INSERT = "INSERT INTO store_favorites (id, tenant_id, user_id, product_id, rating) VALUES ($1, $2, $3, $4, $5)"

    def test_one_row_for_each_user_and_product(self, served: Served, user: Person) -> None:
        """The database itself refuses a second row, a rating out of bounds, and what names nobody or nothing."""
        stored(served, 1, 2)
        tenant = served.sql("SELECT tenant_id FROM memberships WHERE user_id = $1", UUID(user.id))[0]["tenant_id"]
        with stranger(served) as boss:
            other = UUID(boss.client.get("/api/v1/account/me").json()["tenant"]["id"])
        served.sql(self.INSERT, uuid4(), tenant, UUID(user.id), 1, 5)
        refusals = [
            (asyncpg.UniqueViolationError, (tenant, UUID(user.id), 1, None)),
            (asyncpg.CheckViolationError, (tenant, UUID(user.id), 2, 6)),
            (asyncpg.ForeignKeyViolationError, (tenant, UUID(user.id), 3, None)),
            (asyncpg.ForeignKeyViolationError, (tenant, uuid4(), 2, None)),
            (asyncpg.ForeignKeyViolationError, (other, UUID(user.id), 2, None)),
        ]
        for kind, values in refusals:
            with pytest.raises(kind):
                served.sql(self.INSERT, uuid4(), *values)

    def test_a_liked_product_cannot_be_removed(self, served: Served, user: Person) -> None:
        """ON DELETE RESTRICT, also while the favourite is taken back."""
        mine = user.likes(stored_one(served, 1))
        for _ in range(2):
            with pytest.raises(asyncpg.RestrictViolationError):
                served.sql("DELETE FROM store_products WHERE id = 1")
            user.client.delete(f"/api/v1/favorites/{mine['id']}")

    @pytest.mark.parametrize("how", ["the account", "the membership"])
    def test_favourites_go_with_their_user(self, served: Served, user: Person, how: str) -> None:
        """ON DELETE CASCADE: with the account by SQL, and with the membership when an administrator removes it."""
        stored(served, 1, 2)
        user.likes(1)
        with person(served) as other:
            other.likes(1)
            if how == "the account":
                served.sql("DELETE FROM users WHERE id = $1", UUID(user.id))
            else:
                assert served.client.delete(f"/api/v1/users/{user.id}").status_code == 204
            assert rows_of(served, user.id) == []
            assert len(rows_of(served, other.id)) == 1

    def test_row_level_security_hides_them(self, served: Served, user: Person) -> None:
        """The runtime role sees and writes no favourite in a transaction that names no tenant or another one."""
        user.likes(stored_one(served, 1))
        seen = "SELECT count(*) AS seen FROM store_favorites"
        assert as_runtime(served, seen, str(uuid4())) == 0
        assert as_runtime(served, seen, "") == 0
        tenant = served.sql("SELECT tenant_id FROM store_favorites")[0]["tenant_id"]
        assert as_runtime(served, seen, str(tenant)) == 1


def as_runtime(served: Served, statement: str, tenant: str) -> int:
    """The first value of a statement, run as the API's role in a transaction of a tenant."""

    async def ask() -> int:
        connection = await asyncpg.connect(served.database_url.replace("//esteio@", "//postgres@"), timeout=AMPLE)
        try:
            async with connection.transaction():
                await connection.execute("SET LOCAL ROLE esteio_runtime")
                await connection.execute("SELECT set_config('esteio.tenant', $1, true)", tenant)
                found: int = await connection.fetchval(statement)
                return found
        finally:
            await connection.close()

    return asyncio.run(ask())
