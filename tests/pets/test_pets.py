"""Pets: what each operation promises when all is well, and how each refuses."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.house import Served

BASE = "/api/v2/pets"
NOWHERE = f"{BASE}/{uuid4()}"


class TestRegister:
    def test_201_gives_the_pet_its_place_and_its_tag(self, served: Served) -> None:
        """A registered pet is answered with where it is, its tag, and every member."""
        answer = served.client.post(BASE, json={"name": " Rex ", "species": "dog", "weight_kg": 12.345})
        assert answer.status_code == 201
        pet = answer.json()["data"]
        assert answer.headers["location"] == f"{BASE}/{pet['id']}"
        assert answer.headers["etag"] == '"1"'
        assert (pet["name"], pet["weight_kg"], pet["status"], pet["version"]) == ("Rex", 12.345, "active", 1)
        assert served.anonymous.get(answer.headers["location"]).json()["data"] == pet

    def test_201_tells_the_fact_in_the_same_transaction(self, served: Served) -> None:
        """`pet.created` stands in the outbox with the request that caused it."""
        answer = served.client.post(BASE, json={"name": "Told", "species": "cat"}, headers={"X-Request-ID": "told-1"})
        rows = served.sql("SELECT name, subject, data, principal FROM outbox WHERE request_id = 'told-1'")
        assert [(row["name"], row["subject"]) for row in rows] == [("pet.created", answer.json()["data"]["id"])]

    def test_401_without_credentials(self, served: Served) -> None:
        """Nobody registers a pet namelessly."""
        answer = served.anonymous.post(BASE, json={"name": "Rex", "species": "dog"})
        assert answer.status_code == 401
        assert "ApiKey" in answer.headers["www-authenticate"]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"species": "dog"}, "name"),
            ({"name": "", "species": "dog"}, "name"),
            ({"name": "x" * 101, "species": "dog"}, "name"),
            ({"name": "Rex", "species": "unicorn"}, "species"),
            ({"name": "Rex", "species": "dog", "weight_kg": 0}, "weight_kg"),
            ({"name": "Rex", "species": "dog", "weight_kg": "heavy"}, "weight_kg"),
            ({"name": "Rex", "species": "dog", "birth_date": "2026-02-31"}, "birth_date"),
            ({"name": "Rex", "species": "dog", "colour": "red"}, "colour"),
            ({"name": "Re\u0000x", "species": "dog"}, "name"),
        ],
    )
    def test_422_names_the_field(self, served: Served, body: dict[str, Any], field: str) -> None:
        """Every value that is not acceptable is named, with its pointer, and nothing is written."""
        answer = served.client.post(BASE, json=body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert [(error["field"], error["pointer"]) for error in answer.json()["errors"]] == [(field, f"#/{field}")]

    def test_415_for_a_body_that_does_not_say_it_is_json(self, served: Served) -> None:
        """A body of another media type is refused before it is read as JSON."""
        assert served.client.post(BASE, content=b"name=Rex", headers={"Content-Type": "text/plain"}).status_code == 415


class TestRead:
    def test_404_for_what_is_not_there(self, served: Served) -> None:
        """An unknown id is plainly not found."""
        answer = served.anonymous.get(NOWHERE)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "NOT_FOUND")

    def test_200_shows_only_the_members_that_are_asked_for(self, served: Served) -> None:
        """`fields` chooses members, and such a representation has a tag of its own."""
        pet = served.pet()
        answer = served.client.get(f"{BASE}/{pet['id']}", params={"fields": "name,id"})
        assert answer.json()["data"] == {"id": pet["id"], "name": "Rex"}
        assert answer.headers["etag"] not in ('"1"', "")

    def test_422_for_a_member_that_pets_do_not_have(self, served: Served) -> None:
        """An unknown member in `fields` is named, not ignored."""
        answer = served.client.get(f"{BASE}/{served.pet()['id']}", params={"fields": "name,colour"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "fields")

    def test_422_for_an_id_that_is_none(self, served: Served) -> None:
        """An id that cannot be one is a value that is not acceptable."""
        assert served.client.get(f"{BASE}/rex").status_code == 422


class TestChange:
    def test_put_needs_the_tag_that_was_read(self, served: Served) -> None:
        """Without If-Match 428, with an old tag 412 and the present pet, with the right one 200 and a new tag."""
        pet = served.pet()
        where, body = f"{BASE}/{pet['id']}", {"name": "Max", "species": "dog"}
        assert served.client.put(where, json=body).status_code == 428
        stale = served.client.put(where, json=body, headers={"If-Match": '"7"'})
        assert stale.status_code == 412
        assert stale.json()["data"]["name"] == "Rex"
        assert stale.headers["etag"] == '"1"'
        fresh = served.client.put(where, json=body, headers={"If-Match": '"1"'})
        assert (fresh.status_code, fresh.headers["etag"], fresh.json()["data"]["name"]) == (200, '"2"', "Max")

    def test_two_writers_with_one_tag_make_one_change(self, served: Served) -> None:
        """Of many writers that read the same version exactly one wins; the others learn it."""
        where = f"{BASE}/{served.pet()['id']}"

        def write(name: str) -> int:
            body = {"name": name, "species": "dog"}
            return served.client.put(where, json=body, headers={"If-Match": '"1"'}).status_code

        with ThreadPoolExecutor(8) as crowd:
            statuses = list(crowd.map(write, "abcdefgh"))
        assert sorted(statuses) == [200] + [412] * 7
        assert served.client.get(where).json()["data"]["version"] == 2

    def test_patch_changes_what_it_names(self, served: Served) -> None:
        """Members that are left out stay; null empties what may be empty and nothing else."""
        pet = served.pet(breed="Poodle", notes="bites")
        where = f"{BASE}/{pet['id']}"
        answer = served.client.patch(where, json={"notes": None, "weight_kg": 3})
        changed = answer.json()["data"]
        assert (changed["notes"], changed["weight_kg"], changed["breed"]) == (None, 3.0, "Poodle")
        assert served.client.patch(where, json={"name": None}).status_code == 422
        assert served.client.patch(where, json={}).status_code == 422

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_401_and_403_before_anything_is_read(self, served: Served, method: str) -> None:
        """Changing needs a key with the permission: 401 without or with a wrong one, 403 without the permission."""
        where = f"{BASE}/{served.pet()['id']}"
        asked = {"headers": {"If-Match": '"1"'}}
        assert served.anonymous.request(method, where, **asked).status_code == 401
        wrong = {"If-Match": '"1"', "X-API-Key": "est_live_wrong"}
        assert served.anonymous.request(method, where, headers=wrong).status_code == 401
        with served.with_key(served.key("account:use")) as powerless:
            assert powerless.request(method, where, **asked).status_code == 403

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_404_for_what_is_not_there(self, served: Served, method: str) -> None:
        """An unknown pet cannot be changed."""
        body = None if method == "delete" else {"name": "Max", "species": "dog"}
        answer = served.client.request(method, NOWHERE, json=body, headers={"If-Match": '"1"'})
        assert answer.status_code == 404

    def test_400_for_a_tag_that_is_none(self, served: Served) -> None:
        """If-Match that is no entity tag is said to be none."""
        answer = served.client.delete(f"{BASE}/{served.pet()['id']}", headers={"If-Match": "yesterday"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "If-Match")


class TestDeleteAndRestore:
    def test_a_deleted_pet_is_gone_and_comes_back(self, served: Served) -> None:
        """Deleting hides a pet from every read; restoring brings it back as it was, in a new version."""
        pet = served.pet(name="Lazarus")
        where = f"{BASE}/{pet['id']}"
        deleted = served.client.delete(where, headers={"If-Match": '"1"'})
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert served.client.get(where).status_code == 404
        assert served.client.get(BASE, params={"name": "Lazarus"}).json()["data"] == []
        restored = served.client.post(f"{where}/restore")
        assert (restored.status_code, restored.json()["data"]["version"]) == (200, 3)
        assert served.client.get(where).json()["data"]["name"] == "Lazarus"

    def test_409_when_it_was_deleted_too_long_ago(self, served: Served) -> None:
        """After 30 days a pet can no longer be restored, and the refusal says so."""
        pet = served.pet()
        served.client.delete(f"{BASE}/{pet['id']}")
        served.sql("UPDATE pets SET deleted_at = now() - interval '31 days' WHERE id = $1", pet["id"])
        answer = served.client.post(f"{BASE}/{pet['id']}/restore")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "PET_NOT_RESTORABLE")


class TestStatus:
    def test_200_along_an_allowed_way(self, served: Served) -> None:
        """A status leads where the table of transitions says, and the change is told with what was before."""
        pet = served.pet()
        answer = served.client.patch(f"{BASE}/{pet['id']}/status", json={"status": "sick"})
        assert (answer.status_code, answer.json()["data"]["status"]) == (200, "sick")
        rows = served.sql("SELECT data FROM outbox WHERE name = 'pet.status_changed' AND subject = $1", pet["id"])
        assert '"previous": "active"' in rows[0]["data"]

    def test_409_along_any_other(self, served: Served) -> None:
        """A way that the table does not have is refused, with the ways it has."""
        pet = served.pet()
        served.client.patch(f"{BASE}/{pet['id']}/status", json={"status": "deceased"})
        answer = served.client.patch(f"{BASE}/{pet['id']}/status", json={"status": "active"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "PET_STATUS_TRANSITION")

    def test_the_same_status_again_changes_and_tells_nothing(self, served: Served) -> None:
        """Saying a status that holds already is no event and no new version."""
        pet = served.pet()
        answer = served.client.patch(f"{BASE}/{pet['id']}/status", json={"status": "active"})
        assert answer.json()["data"]["version"] == 1


class TestFeedings:
    def test_201_feeds_and_tells(self, served: Served) -> None:
        """A feeding is kept, makes an active pet `fed`, and is told."""
        pet = served.pet()
        answer = served.client.post(f"{BASE}/{pet['id']}/feedings", json={"food": "kibble", "grams": 150})
        assert answer.status_code == 201
        assert served.client.get(f"{BASE}/{pet['id']}").json()["data"]["status"] == "fed"
        listed = served.anonymous.get(f"{BASE}/{pet['id']}/feedings").json()
        assert [row["food"] for row in listed["data"]] == ["kibble"]
        told = served.sql("SELECT name FROM outbox WHERE subject = $1 ORDER BY position", pet["id"])
        assert [row["name"] for row in told] == ["pet.created", "pet.fed"]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"food": "kibble", "grams": 0}, "grams"),
            ({"food": "kibble", "grams": 1.5}, "grams"),
            ({"food": "kibble", "grams": 10, "fed_at": "1999-12-31T00:00:00Z"}, "fed_at"),
            ({"food": "kibble", "grams": 10, "fed_at": "2099-01-01T00:00:00Z"}, "fed_at"),
            ({"food": "kibble", "grams": 10, "fed_at": "2026-01-01T00:00:00"}, "fed_at"),
        ],
    )
    def test_422_names_the_field(self, served: Served, body: dict[str, Any], field: str) -> None:
        """A feeding that cannot be is refused at the field that says so."""
        answer = served.client.post(f"{BASE}/{served.pet()['id']}/feedings", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)

    def test_404_for_a_pet_that_is_not_there(self, served: Served) -> None:
        """Neither feeding nor listing works on nobody."""
        body = {"food": "kibble", "grams": 1}
        assert served.client.post(f"{NOWHERE}/feedings", json=body).status_code == 404
        assert served.client.get(f"{NOWHERE}/feedings").status_code == 404
