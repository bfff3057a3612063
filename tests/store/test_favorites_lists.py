"""Lists of favourites: pages, filters, order, and which indexes they stand on."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.reading import Reading
from esteio.services.store import favorites
from tests.conftest import House
from tests.contract.problems import problem
from tests.house import AMPLE, Served, altered
from tests.store.liking import Person, person, shown, stored

V1, V2 = "/api/v1/favorites", "/api/v2/favorites"
# Number of the product, its title, its category, review, rating: in the order in which they are liked.
LIKED: list[tuple[int, str, str, str | None, int | None]] = [
    (1, "Lantern of brass", "jewelery", "Shines far", 5),
    (2, "Rain coat", "men's clothing", None, None),
    (3, "Wool coat", "women's clothing", "Scratchy", 2),
    (4, "Radio", "electronics", "50% static_noise", 3),
    (5, "Ring", "jewelery", "Back\\slash", 4),
    (6, "Açaí bowl", "electronics", None, 1),
    (7, "Cable", "electronics", "ÇA VA", 5),
]
NUMBERS = [row[0] for row in LIKED]
BY_RATING = [2, 6, 3, 4, 5, 1, 7]


@dataclass
class People:
    user: Person
    other: Person
    admin: Person


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house(LIMITS__ENABLED="false", TELEMETRY__ACCESS_LOG="false") as running:
        yield running


@pytest.fixture(scope="module")
def people(served: Served) -> Iterator[People]:
    """A user with seven favourites, another one with one of the same products, and an administrator with none."""
    with ExitStack() as stack:
        user, other, admin = (stack.enter_context(person(served, role)) for role in ("user", "user", "admin"))
        for number, title, category, review, rating in LIKED:
            stored(served, number, title=title, category=category)
            said = {"review": review, "rating": rating}
            user.likes(number, **{name: value for name, value in said.items() if value is not None})
        other.likes(1, review="Mine shines too", rating=1)
        yield People(user, other, admin)


def numbers(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [row["product_id"] for row in shown(answer)]


class TestPages:
    def test_v1_skips_and_limits(self, people: People) -> None:
        """A plain array in the order of adding, from any place on."""
        assert numbers(people.user.client.get(V1)) == NUMBERS
        assert numbers(people.user.client.get(V1, params={"skip": 2, "limit": 3})) == [3, 4, 5]
        assert numbers(people.user.client.get(V1, params={"skip": 90})) == []

    def test_v2_numbers_its_pages(self, people: People) -> None:
        """Pages follow one another without gap or overlap; total, links and Link agree; behind the last is nothing."""
        page = people.user.client.get(V2, params={"per_page": 3, "sort_by": "rating"})
        assert page.json()["meta"]["pagination"] == {
            "total": 7,
            "page": 1,
            "per_page": 3,
            "pages": 3,
            "has_next": True,
            "has_prev": False,
        }
        assert "<https://api.example.org/api/v2/favorites?" in page.headers["link"]
        seen = numbers(page)
        while following := {link["rel"]: link["href"] for link in page.json()["links"]}.get("next"):
            page = people.user.client.get(following)
            seen += numbers(page)
        assert seen == BY_RATING
        behind = people.user.client.get(V2, params={"page": 50, "per_page": 3}).json()
        assert (behind["data"], behind["meta"]["pagination"]["total"]) == ([], 7)

    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize("sort", ["created_at", "updated_at", "rating"])
    def test_cursors_walk_there_and_back(self, people: People, sort: str, order: str) -> None:
        """Following `next` gives every favourite once in order, those without a rating too; `prev` leads back."""
        client, ask = people.user.client, {"limit": 3, "sort_by": sort, "sort_order": order}
        pages = [client.get(V2, params=ask)]
        while cursor := pages[-1].json()["meta"]["pagination"]["next"]:
            pages.append(client.get(V2, params={"limit": 3, "cursor": cursor}))
        forth = [numbers(page) for page in pages]
        expected = BY_RATING if sort == "rating" else NUMBERS
        assert [number for page in forth for number in page] == (expected if order == "asc" else expected[::-1])
        back, page = [forth[-1]], pages[-1]
        while cursor := page.json()["meta"]["pagination"]["prev"]:
            page = client.get(V2, params={"limit": 3, "cursor": cursor})
            back.insert(0, numbers(page))
        assert back == forth

    def test_a_cursor_opens_nothing_to_its_bearer(self, people: People) -> None:
        """An administrator's cursor shows a user their own favourites only, or is refused where it names another."""
        everybodys = people.admin.client.get(V2, params={"limit": 1}).json()["meta"]["pagination"]["next"]
        seen = people.other.client.get(V2, params={"cursor": everybodys, "limit": 100})
        assert {row["user_id"] for row in shown(seen)} <= {people.other.id}
        ask = {"limit": 1, "user_id": people.user.id}
        users = people.admin.client.get(V2, params=ask).json()["meta"]["pagination"]["next"]
        problem(people.other.client.get(V2, params={"cursor": users}), 403, "FORBIDDEN")

    def test_400_for_a_cursor_of_another_query(self, people: People) -> None:
        """A cursor is refused beside a filter that it was not made for, and when it was altered."""
        cursor = people.user.client.get(V2, params={"limit": 1}).json()["meta"]["pagination"]["next"]
        for query in ({"cursor": cursor, "rating_min": 2}, {"cursor": altered(cursor)}):
            problem(people.user.client.get(V2, params=query), 400, "INVALID_CURSOR")

    @pytest.mark.parametrize(
        "query",
        [
            {"sort_by": "review"},
            {"sort_order": "sideways"},
            {"rating_min": 0},
            {"rating_min": "many"},
            {"user_id": "me"},
            {"text": ""},
            {"text": "x" * 101},
            {"limit": 0},
            {"limit": 101},
            {"colour": "red"},
        ],
    )
    def test_422_for_what_a_list_cannot_be_asked(self, people: People, query: dict[str, Any]) -> None:
        """What is not in the closed lists is refused by name, in both versions."""
        for base in (V1, V2):
            assert problem(people.user.client.get(base, params=query), 422)["errors"][0]["field"] in query


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"text": "coat"}, [2, 3]),
            ({"text": "COAT"}, [2, 3]),
            ({"text": "shines"}, [1]),
            ({"text": "Words about"}, NUMBERS),
            ({"text": "scratchy"}, [3]),
            ({"text": "açaí"}, [6]),
            ({"text": "AÇA"}, [6]),
            ({"text": "ça"}, [6, 7]),
            ({"text": "in"}, [1, 2, 5]),
            ({"text": "%"}, [4]),
            ({"text": "_"}, [4]),
            ({"text": "50%"}, [4]),
            ({"text": "static_noise"}, [4]),
            ({"text": "staticxnoise"}, []),
            ({"text": "\\"}, [5]),
            ({"text": "k\\s"}, [5]),
            ({"text": "' OR 1=1 --"}, []),
            ({"category": "jewelery"}, [1, 5]),
            ({"category": "men's clothing"}, [2]),
            ({"category": "clothing"}, []),
            ({"rating_min": 3}, [1, 4, 5, 7]),
            ({"rating_min": 5, "category": "electronics"}, [7]),
            ({"text": "coat", "rating_min": 1}, [3]),
        ],
    )
    def test_filters_hold_together_and_literally(
        self, people: People, query: dict[str, Any], expected: list[int]
    ) -> None:
        """Each filter narrows the list, all at once; text is literal, whatever its case; both versions agree."""
        assert numbers(people.user.client.get(V1, params=query)) == expected
        page = people.user.client.get(V2, params={**query, "per_page": 100})
        assert numbers(page) == expected
        assert page.json()["meta"]["pagination"]["total"] == len(expected)
        assert numbers(people.user.client.get(V2, params={**query, "limit": 100})) == expected

    def test_what_was_taken_back_is_in_no_list(self, served: Served, people: People) -> None:
        """Neither rows nor totals count it, with any filter."""
        stored(served, 90, title="Passing")
        gone = people.other.likes(90, review="passing fancy", rating=5)
        people.other.client.delete(f"{V1}/{gone['id']}")
        for query in ({}, {"text": "passing"}, {"rating_min": 5}, {"category": "electronics"}):
            page = people.other.client.get(V2, params=query).json()
            assert gone["id"] not in {row["id"] for row in page["data"]}
            assert page["meta"]["pagination"]["total"] == len(page["data"])


PRODUCTS, USERS, EACH = 20_000, 1_000, 60
FILL = """
INSERT INTO store_products (id, title, price, description, category, image, seen_at)
SELECT n, 'Article ' || md5(n::text), 1, 'Words', 'c' || n % 50, '', now()
FROM generate_series(1000, 1000 + $1::int) n;
"""
PEOPLE = """
WITH made AS (
    INSERT INTO users (id, email, home_tenant)
    SELECT gen_random_uuid(), 'crowd-' || n || '@example.org', $1 FROM generate_series(1, $2::int) n RETURNING id
)
INSERT INTO memberships (tenant_id, user_id, name, roles, version) SELECT $1, id, 'x', '{user}', 1 FROM made
"""
LIKES = """
INSERT INTO store_favorites (id, tenant_id, user_id, product_id, review, rating, created_at, updated_at)
SELECT gen_random_uuid(), tenant_id, user_id, 1000 + (row_number() OVER ())::int * 13 % $1::int,
       md5(random()::text) || ' ' || md5(random()::text), 1 + n % 5,
       now() - n * interval '1 min', now() - n * interval '1 min'
FROM memberships, generate_series(1, $2::int) n WHERE name = 'x' ON CONFLICT DO NOTHING
"""
TEXT = {"pattern": "%ab12%", "needle": "ab12"}


@pytest.fixture(scope="module")
def crowded(served: Served) -> Served:
    """Sixty thousand favourites of twenty thousand products in one tenant."""
    served.sql(FILL, PRODUCTS)
    served.sql(PEOPLE, DEFAULT_TENANT, USERS)
    served.sql(LIKES, PRODUCTS, EACH)
    served.sql("ANALYZE store_products")
    served.sql("ANALYZE store_favorites")
    return served


def plan(served: Served, shape: Reading, mode: str, **values: Any) -> list[dict[str, Any]]:
    """The nodes of the reading's plan, as the API's role runs it."""

    async def ask() -> Any:
        connection = await asyncpg.connect(served.database_url.replace("//esteio@", "//postgres@"), timeout=AMPLE)
        try:
            await connection.execute(f"SET ROLE esteio_runtime; SET jit = off; SET plan_cache_mode = {mode}")
            await connection.fetch(shape.scoped, *shape.arguments(values), str(DEFAULT_TENANT))
            explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {shape.scoped}"
            return json.loads(await connection.fetchval(explain, *shape.arguments(values), str(DEFAULT_TENANT)))[0]
        finally:
            await connection.close()

    found = asyncio.run(ask())
    print(f"{found['Execution Time']:.1f} ms, {mode}, {sorted(values)}")
    return list(nodes(found["Plan"]))


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from nodes(below)


def indexes(found: list[dict[str, Any]]) -> set[str]:
    return {node["Index Name"] for node in found if "Index Name" in node}


def scanned(found: list[dict[str, Any]]) -> set[str]:
    """The tables that are read whole."""
    return {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
class TestIndexes:
    def test_a_users_search_scans_no_table(self, crowded: Served, mode: str) -> None:
        """A text among a user's favourites: products by trigrams, favourites by owner, nothing read whole."""
        owner = crowded.sql("SELECT user_id FROM memberships WHERE name = 'x' LIMIT 1")[0]["user_id"]
        shape = favorites.FAVORITES.leaving_out(("owner", "pattern", "needle"), "created_at", "asc")
        found = plan(crowded, shape, mode, owner=UUID(str(owner)), **TEXT, rows=100, skipped=0)
        assert {"ix_store_products_trigrams", "uq_store_favorites_owner"} <= indexes(found)
        assert scanned(found) == set()

    def test_everybodys_search_finds_products_by_trigrams(self, crowded: Served, mode: str) -> None:
        """A text in the whole tenant: products are not read whole; what users wrote of them is."""
        shape = favorites.FAVORITES.leaving_out(("pattern", "needle"), "created_at", "asc")
        found = plan(crowded, shape, mode, **TEXT, rows=100, skipped=0)
        assert "ix_store_products_trigrams" in indexes(found)
        assert "store_products" not in scanned(found)

    @pytest.mark.parametrize(
        ("sort", "index"), [("created_at", "created"), ("updated_at", "updated"), ("rating", "stars")]
    )
    def test_cursors_follow_an_index(self, crowded: Served, mode: str, sort: Any, index: str) -> None:
        """A page from the middle of everybody's favourites begins there in the order's own index and sorts nothing."""
        row = crowded.sql("SELECT * FROM store_favorites ORDER BY created_at OFFSET 30000 LIMIT 1")[0]
        value = row["stars"] if sort == "rating" else row[sort]
        shape = favorites.FAVORITES.following((), sort, "asc", "next")
        found = plan(crowded, shape, mode, place_value=value, place_id=row["id"], rows=21)
        scan = next(node for node in found if node.get("Index Name") == f"ix_store_favorites_{index}")
        assert "ROW(" in scan["Index Cond"]
        assert "Sort" not in {node["Node Type"] for node in found}
        assert scanned(found) == set()
