"""The ingest API: reporting, correcting, closing, removing and reading outages."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.conftest import House
from tests.contract.problems import problem
from tests.house import Served

BASE = "/api/v2/outages"
BEGAN = "2026-03-01T12:00:00Z"
FLAT = {"started_at": BEGAN, "conjunto": 12727, "municipio": 1400100, "affected": 45}
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house() as running:
        yield running


def new_name() -> str:
    return f"EVT-{next(_numbers):05}"


def put(served: Served, name: str, body: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
    return served.client.put(f"{BASE}/{name}", json=FLAT if body is None else body, headers=headers)


def shown(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


class TestReporting:
    def test_a_report_is_new_then_as_it_was_then_changed(self, served: Served) -> None:
        """201 with where it is, then 200 in the same version for the same report, then in the next for another."""
        name = new_name()
        first = put(served, name)
        assert (first.status_code, first.headers["etag"], first.headers["location"]) == (201, '"1"', f"{BASE}/{name}")
        assert shown(put(served, name))["version"] == 1
        changed = put(served, name, {**FLAT, "ended_at": "2026-03-01T13:00:00Z"})
        assert (shown(changed)["version"], changed.headers["etag"]) == (2, '"2"')
        view = shown(served.client.get(f"{BASE}/{name}"))
        assert view == shown(changed)
        assert (view["source"], view["planned"], view["affected"], view["ended_at"]) == (
            "api",
            False,
            45,
            "2026-03-01T13:00:00Z",
        )
        assert view["areas"] == [{"conjunto": 12727, "municipio": 1400100, "affected": 45, "ucs": None}]

    @pytest.mark.parametrize("name", ["a?b", "EVT#12", "50%25", "Ação 1", "a;b,c"])
    def test_the_address_of_any_name(self, served: Served, name: str) -> None:
        """Whatever stands in its name, the address that is given leads to the outage."""
        made = served.client.put(f"{BASE}/{quote(name, safe='')}", json=FLAT)
        assert made.status_code == 201, made.text
        for address in (made.headers["location"], made.json()["links"][0]["href"]):
            assert address.isascii()
            assert shown(served.client.get(address))["external_id"] == name

    @pytest.mark.parametrize("name", ["bulk", "universe", "summary", "polls", "demands"])
    def test_names_that_lead_elsewhere(self, served: Served, name: str) -> None:
        """What has an address of its own is no outage's name, not in bulk either."""
        line = json.dumps({**FLAT, "external_id": name})
        answer = served.client.post(f"{BASE}/bulk", content=line, headers={"Content-Type": "application/x-ndjson"})
        assert shown(answer)["refused_lines"][0]["field"] == "external_id"

    def test_the_two_forms_say_the_same(self, served: Served) -> None:
        """One area flat is the same as one area in `areas`; listed units need no count."""
        name = new_name()
        units = {"conjunto": 1, "municipio": 1400002, "ucs": ["b", " a "]}
        put(served, name, {"started_at": BEGAN, **units})
        again = put(served, name, {"started_at": BEGAN, "areas": [{**units, "affected": 2}]})
        assert shown(again)["version"] == 1
        assert shown(again)["areas"] == [{"conjunto": 1, "municipio": 1400002, "affected": 2, "ucs": ["a", "b"]}]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"areas": [{"conjunto": 1, "municipio": 1400001, "affected": 1}]},
            {"conjunto": None},
            {"affected": None},
            {"affected": None, "conjunto": None, "municipio": None},
            {"affected": -1},
            {"affected": "45"},
            {"affected": 1.5},
            {"ucs": ["a"]},
            {"ucs": ["a", "a"], "affected": 2},
            {"ucs": ["a", " a"], "affected": 2},
            {"ucs": [""], "affected": 1},
            {"conjunto": 0},
            {"municipio": 2**31},
            {"started_at": "2026-03-01T12:00:00"},
            {"started_at": 1_772_366_400},
            {"ended_at": "2026-03-01T11:59:59Z"},
            {"started_at": "1999-03-01T12:00:00Z"},
            {"planned": "yes"},
            {"device": "TR-1"},
        ],
    )
    def test_422_for_what_is_no_outage(self, served: Served, wrong: dict[str, Any]) -> None:
        """Both forms or none, disagreeing counts, other kinds of values, unknown members: nothing is written."""
        name = new_name()
        body = {member: value for member, value in (FLAT | wrong).items() if value is not None}
        problem(put(served, name, body), 422, "VALIDATION_ERROR")
        assert served.client.get(f"{BASE}/{name}").status_code == 404

    @pytest.mark.parametrize("name", ["a b", "OCORRÊNCIA-1", "50%25", "a%3Fb%23c", "x;y,z=1", "~'\"()*+@!", "-" * 200])
    def test_names_of_other_systems_survive_a_path(self, served: Served, name: str) -> None:
        """Whatever a name is made of, but for slashes, the outage is found again where Location says."""
        made = put(served, name)
        assert made.status_code == 201, made.text
        assert shown(served.client.get(f"{BASE}/{name}"))["version"] == 1

    @pytest.mark.parametrize("name", ["%20a", "a%20", "a%5Cb", "a%0Ab", "%E2%80%AE", "x" * 201])
    def test_422_for_names_that_would_be_taken_for_others(self, served: Served, name: str) -> None:
        """Blank ends, backslashes, control and invisible characters, and too long a name are refused."""
        problem(put(served, name), 422, "VALIDATION_ERROR")

    def test_if_match_guards_a_report(self, served: Served) -> None:
        """412 with the present outage for another version, and for one that is not there; nothing is changed."""
        name = new_name()
        assert put(served, name, None, **{"If-Match": '"1"'}).status_code == 412
        assert served.client.get(f"{BASE}/{name}").status_code == 404
        put(served, name)
        refused = put(served, name, FLAT | {"affected": 1}, **{"If-Match": '"7"'})
        assert (refused.status_code, refused.json()["data"]["version"], refused.json()["data"]["affected"]) == (
            412,
            1,
            45,
        )
        assert shown(put(served, name, FLAT | {"affected": 1}, **{"If-Match": '"1"'}))["version"] == 2


class TestCorrecting:
    def test_only_named_members_change(self, served: Served) -> None:
        """A correction leaves the rest; `ended_at` null opens the outage again; areas are replaced together."""
        name = new_name()
        put(served, name, {**FLAT, "ended_at": "2026-03-01T13:00:00Z"})
        path = f"{BASE}/{name}"
        view = shown(served.client.patch(path, json={"planned": True}))
        assert (view["planned"], view["ended_at"], view["affected"], view["version"]) == (
            True,
            "2026-03-01T13:00:00Z",
            45,
            2,
        )
        assert shown(served.client.patch(path, json={"ended_at": None}))["ended_at"] is None
        areas = [
            {"conjunto": 1, "municipio": 1400002, "affected": 3},
            {"conjunto": 1, "municipio": 1400001, "ucs": ["z"]},
        ]
        view = shown(served.client.patch(path, json={"areas": areas}))
        assert [(area["municipio"], area["affected"]) for area in view["areas"]] == [(1400001, 1), (1400002, 3)]
        assert (view["affected"], view["planned"]) == (4, True)
        assert shown(served.client.patch(path, json={"planned": True}))["version"] == view["version"]

    @pytest.mark.parametrize(
        "wrong",
        [{}, {"planned": None}, {"areas": []}, {"areas": None}, {"ended_at": "2026-01-01T00:00:00Z"}, {"affected": 1}],
    )
    def test_422_for_what_is_no_correction(self, served: Served, wrong: dict[str, Any]) -> None:
        """Nothing, emptied members, an end before the beginning: refused, and the outage stays."""
        name = new_name()
        put(served, name)
        problem(served.client.patch(f"{BASE}/{name}", json=wrong), 422, "VALIDATION_ERROR")
        assert shown(served.client.get(f"{BASE}/{name}"))["version"] == 1

    def test_conditions_and_absence(self, served: Served) -> None:
        """404 for what is not there, 412 for another version, on every correction."""
        name = new_name()
        path = f"{BASE}/{name}"
        calls: list[tuple[str, str, dict[str, Any]]] = [
            ("PATCH", path, {"json": {"planned": True}}),
            ("POST", f"{path}/close", {"json": {}}),
            ("DELETE", path, {}),
        ]
        for method, where, options in calls:
            assert served.client.request(method, where, **options).status_code == 404
        put(served, name)
        for method, where, options in calls:
            answer = served.client.request(method, where, headers={"If-Match": '"2"'}, **options)
            assert (answer.status_code, answer.json()["data"]["version"]) == (412, 1)


class TestClosing:
    def test_closed_now_or_then_and_again(self, served: Served) -> None:
        """Without a time it ends now; the same close again changes nothing; another time is a conflict."""
        name = new_name()
        path = f"{BASE}/{name}/close"
        put(served, name)
        before = datetime.now(UTC)
        view = shown(served.client.post(path))
        assert before - timedelta(seconds=1) <= datetime.fromisoformat(view["ended_at"]) <= datetime.now(UTC)
        assert shown(served.client.post(path, json={})) == view
        assert shown(served.client.post(path, json={"ended_at": view["ended_at"]})) == view
        problem(served.client.post(path, json={"ended_at": "2026-03-01T13:00:00Z"}), 409, "CONFLICT")
        assert shown(served.client.get(f"{BASE}/{name}")) == view

    def test_closed_at_a_time(self, served: Served) -> None:
        """The end is the one that is said; repeated with an Idempotency-Key the first answer comes again."""
        name = new_name()
        put(served, name)
        said = {"json": {"ended_at": "2026-03-01T13:30:00Z"}, "headers": {"Idempotency-Key": name}}
        first, again = (served.client.post(f"{BASE}/{name}/close", **said) for _ in range(2))
        assert (shown(first)["ended_at"], shown(first)["version"]) == ("2026-03-01T13:30:00Z", 2)
        assert (again.headers["idempotency-replayed"], shown(again)) == ("true", shown(first))

    def test_an_announced_end_is_brought_forward(self, served: Served) -> None:
        """A planned outage that is over before its announced end ends now; one that never began has never been."""
        begun, coming = new_name(), new_name()
        now = datetime.now(UTC)
        later, tomorrow = (now + timedelta(hours=hours) for hours in (5, 24))
        put(served, begun, {**FLAT, "ended_at": later.isoformat()})
        put(served, coming, {**FLAT, "started_at": tomorrow.isoformat(), "planned": True})
        assert datetime.fromisoformat(shown(served.client.post(f"{BASE}/{begun}/close"))["ended_at"]) < later
        view = shown(served.client.post(f"{BASE}/{coming}/close"))
        assert view["ended_at"] == view["started_at"]

    def test_422_for_an_end_before_the_beginning(self, served: Served) -> None:
        """It stays open."""
        name = new_name()
        put(served, name)
        answer = served.client.post(f"{BASE}/{name}/close", json={"ended_at": "2026-03-01T11:00:00Z"})
        assert problem(answer, 422, "VALIDATION_ERROR")["errors"][0]["field"] == "ended_at"
        assert shown(served.client.get(f"{BASE}/{name}"))["ended_at"] is None


def test_a_removed_outage_is_gone_with_its_areas_and_may_come_again(served: Served) -> None:
    """204, then 404; nothing of it is left, one fact tells it, and the name begins anew at version 1."""
    name = new_name()
    put(served, name)
    put(served, name, FLAT | {"affected": 1})
    facts = "SELECT data FROM outbox WHERE name = 'outage.changed' ORDER BY position DESC LIMIT 1"
    assert served.client.delete(f"{BASE}/{name}").status_code == 204
    assert served.client.get(f"{BASE}/{name}").status_code == 404
    assert (
        served.sql("SELECT 1 FROM outage_areas a WHERE NOT EXISTS (SELECT 1 FROM outages WHERE id = outage_id)") == []
    )
    assert '"municipios": [1400100]' in served.sql(facts)[0]["data"]
    assert shown(put(served, name), 201)["version"] == 1


def test_tenants_have_outages_and_universes_of_their_own(served: Served) -> None:
    """The same name in two tenants is two outages; each reads, counts and loads only what is its own."""
    name, pair = new_name(), f"{BASE}/universe/7/1400007"
    with tenant(served, "other") as other:
        for client, affected in ((served.client, 3), (other, 4)):
            assert client.put(f"{BASE}/{name}", json=FLAT | {"affected": affected}).status_code == 201
            assert client.put(pair, json={"served": affected}).status_code == 201
        assert [shown(client.get(f"{BASE}/{name}"))["affected"] for client in (served.client, other)] == [3, 4]
        assert [row["external_id"] for row in shown(other.get(BASE))] == [name]
        assert [row["served"] for row in shown(other.get(f"{BASE}/universe"))] == [4]
        assert shown(other.get(f"{BASE}/summary"))["totals"]["unplanned"] == 4
        assert other.delete(f"{BASE}/{name}").status_code == 204
        assert other.put(f"{BASE}/universe", json=[]).status_code == 200
    assert shown(served.client.get(f"{BASE}/{name}"))["affected"] == 3
    assert [row["served"] for row in shown(served.client.get(f"{BASE}/universe"))] == [3]


def tenant(served: Served, slug: str) -> httpx.Client:
    """A client with every permission in a new tenant."""
    boss = {"email": f"boss@{slug}.example", "name": "Boss", "password": "a password of nobody else's"}
    assert served.client.post("/api/v2/tenants", json={"slug": slug, "name": slug, "admin": boss}).status_code == 201
    login = {"email": boss["email"], "password": boss["password"]}
    token = shown(served.anonymous.post("/api/v2/auth/login", json=login))["access_token"]
    held = {"Authorization": f"Bearer {token}"}
    made = served.anonymous.post("/api/v2/keys", json={"name": "all", "scopes": ["*"]}, headers=held)
    return served.with_key(shown(made, 201)["key"])


def test_permissions_stand_apart(served: Served) -> None:
    """Who reads may not report, who reports may not read, and nobody does either without a key."""
    name = new_name()
    with served.with_key(served.key("outages:read")) as reader, served.with_key(served.key("outages:ingest")) as writer:
        assert reader.put(f"{BASE}/{name}", json=FLAT).status_code == 403
        assert writer.put(f"{BASE}/{name}", json=FLAT).status_code == 201
        assert writer.get(f"{BASE}/{name}").status_code == 403
        assert reader.get(f"{BASE}/{name}").status_code == 200
        assert reader.delete(f"{BASE}/{name}").status_code == 403
    assert served.anonymous.get(f"{BASE}/{name}").status_code == 401
    assert served.anonymous.get(BASE).status_code == 401


@pytest.fixture(scope="class")
def listed(served: Served) -> Served:
    """Exactly twelve outages, from noon on, one an hour; the even ones are open, every third is planned."""
    served.sql("DELETE FROM outages")
    for number in range(12):
        began = datetime(2026, 4, 1, 12 + number, tzinfo=UTC)
        body: dict[str, Any] = {
            "started_at": began.isoformat(),
            "planned": number % 3 == 0,
            "conjunto": 100 + number % 2,
            "municipio": 1401000 + number % 4,
            "ucs": [str(number)],
        }
        if number % 2:
            body["ended_at"] = (began + timedelta(minutes=90)).isoformat()
        assert put(served, f"L{number:02}", body).status_code == 201
    return served


class TestLists:
    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            ({}, range(11, -1, -1)),
            ({"sort_order": "asc"}, range(12)),
            ({"active": "true"}, range(10, -1, -2)),
            ({"active": "false"}, range(11, 0, -2)),
            ({"active_at": "2026-04-01T15:15:00Z"}, [3, 2, 0]),
            ({"active_at": "2026-04-01T14:30:00Z"}, [2, 0]),
            ({"active_at": "2026-04-01T14:29:59.999999Z"}, [2, 1, 0]),
            ({"planned": "true"}, [9, 6, 3, 0]),
            ({"conjunto": 101}, [11, 9, 7, 5, 3, 1]),
            ({"municipio": 1401003, "planned": "false"}, [11, 7]),
            ({"source": "oms"}, []),
            ({"started_after": "2026-04-01T21:00:00Z"}, [11, 10]),
            ({"started_before": "2026-04-01T13:00:00Z"}, [0]),
            ({"updated_since": "2999-01-01T00:00:00Z"}, []),
            ({"sort_by": "updated_at", "sort_order": "asc"}, range(12)),
        ],
    )
    def test_filters_and_orders(self, listed: Served, query: dict[str, Any], numbers: Any) -> None:
        """Each filter leaves what it says, in both paginations; pages by cursor follow one another without a gap."""
        expected = [f"L{number:02}" for number in numbers]
        found = listed.client.get(BASE, params={**query, "per_page": 100}).json()
        assert [row["external_id"] for row in found["data"]] == expected
        assert found["meta"]["pagination"]["total"] == len(expected)
        page = listed.client.get(BASE, params={**query, "limit": 5}).json()
        seen = [row["external_id"] for row in page["data"]]
        while cursor := page["meta"]["pagination"]["next"]:
            page = listed.client.get(BASE, params={"cursor": cursor, "limit": 5}).json()
            seen += [row["external_id"] for row in page["data"]]
        assert seen == expected

    def test_links_repeat_what_was_asked_as_it_is_written(self, listed: Served) -> None:
        """Truth is written as JSON writes it, in links as in what callers send."""
        found = listed.client.get(BASE, params={"active": "true", "per_page": 1}).json()
        assert all("active=true" in link["href"] for link in found["links"])

    def test_a_list_says_whether_units_are_known_and_not_which(self, listed: Served) -> None:
        """Lists stay small: the units of an outage are shown where it is read."""
        row = listed.client.get(BASE, params={"per_page": 1}).json()["data"][0]
        assert row["areas"] == [{"conjunto": 101, "municipio": 1401003, "affected": 1, "listed": True}]
        assert shown(listed.client.get(f"{BASE}/L11"))["areas"][0]["ucs"] == ["11"]
        assert "id" not in row

    @pytest.mark.parametrize(
        "query",
        [
            {"sort_by": "affected"},
            {"active": "true", "active_at": BEGAN},
            {"active_at": "yesterday"},
            {"conjunto": 0},
            {"municipio": 2**31},
            {"source": "rumour"},
            {"device": "x"},
            {"page": 1, "limit": 5},
        ],
    )
    def test_422_for_what_a_list_cannot_be_asked(self, listed: Served, query: dict[str, Any]) -> None:
        """What is not in the closed lists is refused."""
        problem(listed.client.get(BASE, params=query), 422, "VALIDATION_ERROR")

    def test_going_back_shows_the_page_before(self, listed: Served) -> None:
        """`prev` of the second page is the first."""
        first = listed.client.get(BASE, params={"limit": 4}).json()
        second = listed.client.get(BASE, params={"cursor": first["meta"]["pagination"]["next"], "limit": 4}).json()
        back = listed.client.get(BASE, params={"cursor": second["meta"]["pagination"]["prev"], "limit": 4}).json()
        assert back["data"] == first["data"]

    def test_a_report_is_seen_at_once(self, listed: Served) -> None:
        """A kept list and a kept outage are dropped by the write that changes them."""
        path = f"{BASE}/L00"
        before = shown(listed.client.get(path))
        assert before == shown(listed.client.get(path))
        put(listed, "L00", FLAT)
        assert shown(listed.client.get(path))["version"] == before["version"] + 1
