"""Lists of pets: both paginations, filters, order, sparse fields, conditions, v1."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import House
from tests.house import Served, altered

BASE = "/api/v2/pets"
NAMES = ["Bento", "Amora", "Caju", "Dora", "Elis", "Fubá", "Gaia", "Hugo", "Iara", "50%_off\\"]


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    """A house with exactly ten pets."""
    with house() as running:
        for number, name in enumerate(NAMES):
            running.pet(
                name=name,
                species=["dog", "cat"][number % 2],
                birth_date=f"20{10 + number}-06-15",
            )
        yield running


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [pet["name"] for pet in answer.json()["data"]]


class TestNumbered:
    def test_pages_cover_the_list_once_and_say_where_they_are(self, served: Served) -> None:
        """Pages follow one another without gap or overlap; meta, links and Link agree."""
        first = served.client.get(BASE, params={"page": 1, "per_page": 4, "sort_by": "name"})
        assert first.json()["meta"]["pagination"] == {
            "total": 10,
            "page": 1,
            "per_page": 4,
            "pages": 3,
            "has_next": True,
            "has_prev": False,
        }
        seen, page = names(first), first
        while following := {link["rel"]: link["href"] for link in page.json()["links"]}.get("next"):
            page = served.client.get(following)
            seen += names(page)
        assert seen == sorted(NAMES)
        assert 'rel="next"' in first.headers["link"]
        assert "<https://api.example.org/api/v2/pets?" in first.headers["link"]

    def test_a_page_behind_the_last_is_empty_and_knows_the_total(self, served: Served) -> None:
        """Past the end there is nothing, and it says how much there is."""
        body = served.client.get(BASE, params={"page": 99, "per_page": 4}).json()
        assert (body["data"], body["meta"]["pagination"]["total"]) == ([], 10)

    @pytest.mark.parametrize(
        "query",
        [
            {"page": 0},
            {"per_page": 0},
            {"per_page": 101},
            {"page": 10**9, "per_page": 100},
            {"sort_by": "owner"},
            {"sort_by": "name; DROP TABLE pets"},
            {"sort_order": "sideways"},
            {"species": "unicorn"},
            {"born_before": "yesterday"},
            {"updated_since": "2026-01-01T00:00:00"},
            {"updated_since": "1700000000"},
            {"fields": "name,colour"},
            {"colour": "red"},
            {"page": 1, "cursor": "abc"},
        ],
    )
    def test_422_for_what_a_list_cannot_be_asked(self, served: Served, query: dict[str, Any]) -> None:
        """What is not in the closed lists is refused in words; none of it reaches SQL."""
        answer = served.client.get(BASE, params=query)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"]


class TestCursor:
    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize("sort", ["name", "created_at", "updated_at"])
    def test_cursors_walk_the_list_there_and_back(self, served: Served, sort: str, order: str) -> None:
        """Following `next` gives every pet once in order, and `prev` leads back to the same pages."""
        pages = [served.client.get(BASE, params={"limit": 3, "sort_by": sort, "sort_order": order})]
        while cursor := pages[-1].json()["meta"]["pagination"]["next"]:
            pages.append(served.client.get(BASE, params={"limit": 3, "cursor": cursor}))
        forth = [names(page) for page in pages]
        expected = sorted(NAMES) if sort == "name" else NAMES
        assert [name for page in forth for name in page] == (expected if order == "asc" else expected[::-1])
        back = [forth[-1]]
        page = pages[-1]
        while cursor := page.json()["meta"]["pagination"]["prev"]:
            page = served.client.get(BASE, params={"limit": 3, "cursor": cursor})
            back.insert(0, names(page))
        assert back == forth

    def test_a_cursor_carries_its_filters(self, served: Served) -> None:
        """The next page of a filtered list is filtered too, though the request names no filter."""
        first = served.client.get(BASE, params={"limit": 2, "species": "cat", "sort_by": "name"})
        cursor = first.json()["meta"]["pagination"]["next"]
        second = served.client.get(BASE, params={"limit": 10, "cursor": cursor})
        assert names(first) + names(second) == sorted(NAMES[1::2])

    @pytest.mark.parametrize("change", [{"species": "dog"}, {"sort_by": "created_at"}, {"sort_order": "desc"}])
    def test_400_for_a_cursor_of_another_query(self, served: Served, change: dict[str, str]) -> None:
        """A cursor is refused beside a sort or filter that it was not made for."""
        query = {"limit": 2, "species": "cat", "sort_by": "name"}
        cursor = served.client.get(BASE, params=query).json()["meta"]["pagination"]["next"]
        answer = served.client.get(BASE, params={**query, "cursor": cursor, **change})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "INVALID_CURSOR")

    @pytest.mark.parametrize("spoil", [lambda c: c[:-2], altered, lambda _: "x", lambda c: c + "é"])
    def test_400_for_an_altered_cursor(self, served: Served, spoil: Any) -> None:
        """A cursor that was not written here is refused."""
        cursor = served.client.get(BASE, params={"limit": 2}).json()["meta"]["pagination"]["next"]
        assert served.client.get(BASE, params={"cursor": spoil(cursor)}).status_code == 400


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"species": "cat"}, NAMES[1::2]),
            ({"name": "A"}, ["Amora", "Caju", "Dora", "Fubá", "Gaia", "Iara"]),
            ({"name": "50%_"}, ["50%_off\\"]),
            ({"name": "%"}, ["50%_off\\"]),
            ({"name": "_"}, ["50%_off\\"]),
            ({"name": "\\"}, ["50%_off\\"]),
            ({"name": "' OR 1=1 --"}, []),
            ({"born_before": "2012-06-15"}, ["Bento", "Amora"]),
            ({"born_after": "2017-06-15"}, ["Iara", "50%_off\\"]),
            ({"species": "dog", "born_after": "2015-01-01"}, ["Gaia", "Iara"]),
            ({"status": "sick"}, []),
        ],
    )
    def test_filters_hold_together_and_literally(
        self, served: Served, query: dict[str, str], expected: list[str]
    ) -> None:
        """Each filter narrows the list, all of them at once, and text is taken literally."""
        found = names(served.client.get(BASE, params={**query, "per_page": 100}))
        assert [name for name in found if name != "Fubá"] == [name for name in expected if name != "Fubá"]
        by_cursor = names(served.client.get(BASE, params={**query, "limit": 100}))
        assert by_cursor == found

    def test_updated_since_finds_what_changed(self, served: Served) -> None:
        """`updated_since` takes a time with an offset and gives what changed at or after it."""
        now = datetime.now(UTC)
        assert names(served.client.get(BASE, params={"updated_since": (now + timedelta(days=1)).isoformat()})) == []
        assert len(names(served.client.get(BASE, params={"updated_since": "2020-01-01T00:00:00-03:00"}))) == 10


class TestConditions:
    def test_304_for_the_tag_that_was_answered_until_something_changes(self, house: House) -> None:
        """A list is confirmed by its tag, costs no quota then, and is new as soon as one of its pets changed."""
        with house(LIMITS__DEFAULT="1000/minute") as running:
            pet = running.pet()
            first = running.client.get(BASE)
            same = running.client.get(BASE, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
            assert (same.status_code, same.content) == (304, b"")
            assert same.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]
            running.client.patch(f"{BASE}/{pet['id']}", json={"name": "Max"})
            changed = running.client.get(BASE, headers={"If-None-Match": first.headers["etag"]})
            assert (changed.status_code, names(changed)) == (200, ["Max"])

    def test_head_answers_like_get_without_a_body(self, served: Served) -> None:
        """HEAD gives the headers of GET and no content."""
        plain = {"Accept-Encoding": "identity"}  # how long the gzip form is differs with the request's id
        got, asked = served.client.get(BASE, headers=plain), served.client.head(BASE, headers=plain)
        assert asked.content == b""
        assert {name: asked.headers[name] for name in ("etag", "content-length", "content-type")} == {
            name: got.headers[name] for name in ("etag", "content-length", "content-type")
        }


class TestV1:
    def test_lists_are_plain_arrays(self, served: Served) -> None:
        """v1 answers an array of pets in the order of registration, by skip and limit."""
        answer = served.client.get("/api/v1/pets", params={"skip": 2, "limit": 3})
        assert [pet["name"] for pet in answer.json()] == NAMES[2:5]

    def test_a_pet_is_a_plain_object_through_its_life(self, house: House) -> None:
        """v1 registers, replaces and deletes with plain objects, and old clients need no If-Match."""
        with house() as running:
            made = running.client.post("/api/v1/pets", json={"name": "Rex", "species": "dog"})
            assert made.status_code == 201
            where = made.headers["location"]
            assert running.anonymous.get(where).json() == made.json()
            assert made.headers["etag"] == running.client.get(where).headers["etag"]
            put = running.client.put(where, json={"name": "Max", "species": "dog"})
            assert (put.status_code, put.json()["version"]) == (200, 2)
            stale = {"If-Match": made.headers["etag"]}
            assert running.client.delete(where, headers=stale).status_code == 412
            assert running.client.delete(where).status_code == 204
            gone = running.client.get(where)
            assert gone.status_code == 404
            assert "detail" in gone.json()
            assert gone.json()["success"] is False

    def test_the_deprecated_search_works_and_says_what_follows_it(self, served: Served) -> None:
        """A deprecated operation keeps its behaviour and names its end and its successor (RFC 9745, RFC 8594)."""
        answer = served.client.get("/api/v1/pets/search", params={"name": "caju"})
        assert [pet["name"] for pet in answer.json()] == ["Caju"]
        assert answer.headers["deprecation"] == "@1793491200"
        assert answer.headers["sunset"] == "Mon, 01 Nov 2027 00:00:00 GMT"
        assert '<https://api.example.org/api/v2/pets>; rel="successor-version"' in answer.headers["link"]
        assert 'rel="deprecation"' in answer.headers["link"]
