"""Lists of capsules: each filter leaves what it says, pages hold together."""

from typing import Any

import pytest

from tests.capsules.maker import BASE, make, order
from tests.conftest import House
from tests.house import Served


@pytest.fixture(scope="module")
def shelf(served: Served) -> dict[str, str]:
    """Capsules by a word for what each is."""
    client = served.client
    return {
        "flask": make(client, project_name="Bread", tech_stack=["Flask"], priority="high")["id"],
        "redis": make(client, project_name="Cake", tech_stack=["FastAPI", "Redis"])["id"],
        "words": make(client, project_name="Pie", description="A zebra counts its stripes.")["id"],
        "queued": order(client, project_name="Tart")["capsule_id"],
    }


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"status": "queued"}, {"queued"}),
        ({"status": "completed"}, {"flask", "redis", "words"}),
        ({"status": "failed"}, set()),
        ({"priority": "high"}, {"flask"}),
        ({"technology": "Redis"}, {"redis"}),
        ({"technology": "FASTAPI"}, {"redis", "words", "queued"}),
        ({"technology": "no-such"}, set()),
        ({"owner": "user:nobody"}, set()),
        ({"created_since": "2999-01-01T00:00:00Z"}, set()),
        ({"created_since": "2000-01-01T00:00:00Z"}, {"flask", "redis", "words", "queued"}),
        ({"q": "zebra"}, {"words"}),
        ({"q": "zebra stripes"}, {"words"}),
        ({"q": "-zebra bakery"}, {"flask", "redis", "queued"}),
        ({"q": "zebra", "priority": "high"}, set()),
    ],
)
def test_filters_hold_together(served: Served, shelf: dict[str, str], asked: dict[str, str], found: set[str]) -> None:
    """Each filter, and all of them together, leave what they say."""
    answer = served.client.get(BASE, params={**asked, "per_page": 100})
    assert answer.status_code == 200, answer.text
    known = {number: word for word, number in shelf.items()}
    assert {known[row["id"]] for row in answer.json()["data"]} == found
    assert answer.json()["meta"]["pagination"]["total"] == len(found)


def test_pages_by_number_and_by_cursor_are_the_same_list(served: Served, shelf: dict[str, str]) -> None:
    """Both ways of paging walk through every capsule once, in the order that was asked for."""
    order_by = {"sort_by": "project_name", "sort_order": "asc"}
    numbered = [
        row["project_name"]
        for page in (1, 2)
        for row in served.client.get(BASE, params={**order_by, "page": page, "per_page": 2}).json()["data"]
    ]
    walked: list[Any] = []
    address: str | None = f"{BASE}?limit=1&sort_by=project_name&sort_order=asc"
    while address is not None:
        answer = served.client.get(address).json()
        walked += [row["project_name"] for row in answer["data"]]
        address = next((link["href"] for link in answer["links"] if link["rel"] == "next"), None)
    assert numbered == walked == ["Bread", "Cake", "Pie", "Tart"]


@pytest.mark.parametrize("asked", [{"sort_by": "owner"}, {"status": "new"}, {"per_page": 101}, {"color": "red"}])
def test_what_cannot_be_asked_is_named(served: Served, asked: dict[str, Any]) -> None:
    """An order, a filter or a bound that there is not is refused by its name."""
    answer = served.client.get(BASE, params=asked)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == list(asked)


def test_nothing_of_other_organisations(house: House, served: Served, shelf: dict[str, str]) -> None:
    """What another organisation has is in no list and no count."""
    body = {"slug": "elsewhere", "name": "Elsewhere", "admin": {"email": "eva@example.org", "name": "Eva"}}
    body["admin"]["password"] = "correct horse battery"  # type: ignore[index]
    assert served.client.post("/api/v2/tenants", json=body).status_code == 201
    login = {"email": "eva@example.org", "password": "correct horse battery", "tenant": "elsewhere"}
    token = served.anonymous.post("/auth/login", json=login).json()["access_token"]
    answer = served.anonymous.get(BASE, headers={"Authorization": f"Bearer {token}"})
    assert (answer.json()["data"], answer.json()["meta"]["pagination"]["total"]) == ([], 0)
    place = f"{BASE}/{shelf['flask']}"
    assert served.anonymous.get(place, headers={"Authorization": f"Bearer {token}"}).status_code == 404
