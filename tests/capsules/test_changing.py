"""Changing, deleting, restoring: versions, files of one's own, conditions, quotas."""

from datetime import timedelta
from typing import Any

import pytest

from esteio.base.clock import TurnableClock
from tests.capsules.maker import BASE, edits, facts, make, order, quotas, read
from tests.house import Served

MOST = 1_048_576


def paths(served: Served, capsule: str, version: int | None = None) -> dict[str, dict[str, Any]]:
    params = {"per_page": 100} if version is None else {"per_page": 100, "version": version}
    answer = served.client.get(f"{BASE}/{capsule}/files", params=params)
    assert answer.status_code == 200, answer.text
    return {row["path"]: row for row in answer.json()["data"]}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


class TestVersions:
    def test_words_make_a_new_version(self, served: Served) -> None:
        """Changed words are in the files of a new version; the version before stays as it was."""
        capsule = make(served.client)
        place = f"{BASE}/{capsule['id']}"
        answer = served.client.patch(place, json={"description": "Sells bread."})
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["current_version"] == 2
        assert "Sells bread." in served.client.get(f"{place}/files/README.md").text
        assert "Sells bread." not in served.client.get(f"{place}/files/README.md", params={"version": 1}).text
        listed = served.client.get(f"{place}/versions").json()["data"]
        assert [(row["number"], row["cause"]) for row in listed] == [(2, "changed"), (1, "created")]
        assert listed[1]["description"] == capsule["description"]

    def test_labels_make_none(self, served: Served) -> None:
        """What is in no file makes no version."""
        capsule = make(served.client)
        answer = served.client.patch(f"{BASE}/{capsule['id']}", json={"metadata": {"x": 1}, "priority": "low"})
        assert answer.json()["data"]["current_version"] == 1
        assert answer.json()["data"]["metadata"] == {"x": 1}
        assert facts(served, capsule["id"]) == ["capsule.completed", "capsule.updated"]

    def test_the_same_words_give_the_same_tree(self, served: Served) -> None:
        """Equal versions have equal digests, in other capsules too."""
        one, other = make(served.client), make(served.client)
        trees = {
            served.client.get(f"{BASE}/{capsule['id']}/versions/1").json()["data"]["tree"] for capsule in (one, other)
        }
        assert len(trees) == 1

    def test_contents_that_are_alike_are_kept_once(self, served: Served) -> None:
        """A second capsule of the same words adds no contents to the database."""
        make(served.client, project_name="Alike")
        before = served.sql("SELECT count(*) AS n FROM capsule_contents")[0]["n"]
        make(served.client, project_name="Alike")
        assert served.sql("SELECT count(*) AS n FROM capsule_contents")[0]["n"] == before

    def test_another_stack_is_another_project(self, served: Served) -> None:
        """A changed stack replaces the files of the old one."""
        capsule = make(served.client)
        answer = served.client.patch(f"{BASE}/{capsule['id']}", json={"tech_stack": ["Python", "Flask", "Redis"]})
        assert answer.json()["data"]["base"] == "python-flask"
        assert "flask" in answer.json()["data"]["technologies"]
        assert "fastapi" not in served.client.get(f"{BASE}/{capsule['id']}/files/pyproject.toml").text.lower()


class TestOwnFiles:
    def test_they_are_written_kept_and_removed(self, served: Served) -> None:
        """A file of one's own is as it was sent, stays in later versions, and goes when it is removed."""
        capsule = make(served.client)["id"]
        assert edits(served.client, capsule, {"src/extra/notes.md": " not stripped \n\n"}).status_code == 200
        place = f"{BASE}/{capsule}/files/src/extra/notes.md"
        assert served.client.get(place).text == " not stripped \n\n"
        served.client.patch(f"{BASE}/{capsule}", json={"description": "Other words."})
        assert paths(served, capsule)["src/extra/notes.md"]["origin"] == "edit"
        assert edits(served.client, capsule, {"src/extra/notes.md": None}).status_code == 200
        assert served.client.get(place).status_code == 404
        assert served.client.get(place, params={"version": 3}).status_code == 200

    def test_one_takes_the_place_of_a_templates(self, served: Served) -> None:
        """An edited README stays the edited one when the capsule's words change."""
        capsule = make(served.client)["id"]
        edits(served.client, capsule, {"README.md": "# Ours\n"})
        served.client.patch(f"{BASE}/{capsule}", json={"description": "Other words."})
        assert served.client.get(f"{BASE}/{capsule}/files/README.md").text == "# Ours\n"

    @pytest.mark.parametrize(
        "path",
        [
            "../up.txt",
            "/etc/passwd",
            "a/../../b",
            "a//b",
            "./a",
            "a/.",
            "a\\b",
            "C:/x",
            "con",
            "aux.txt",
            "trailing.",
            "x" * 256,
            "a\x00b",
            "a\nb",
            "~root/x",
            "a/",
            "",
            "ünïcode",
            "\u202egpj.exe",
        ],
    )
    def test_a_hostile_name_is_refused(self, served: Served, path: str) -> None:
        """A path that leads out, is absolute, or means something to some system is refused by its field."""
        capsule = make(served.client)["id"]
        answer = edits(served.client, capsule, {path: "x"})
        assert answer.status_code == 422, answer.text
        refused = answer.json()["errors"][0]
        assert (refused["field"], refused["pointer"]) == ("files.0.path", "#/files/0/path")
        assert read(served.client, capsule)["current_version"] == 1

    def test_two_files_in_one_place_are_refused(self, served: Served) -> None:
        """A folder where a file is, a name in other case, the same path twice: 409 or 422, and nothing changes."""
        capsule = make(served.client)["id"]
        assert code(edits(served.client, capsule, {"README.md/x": "x"})) == (409, "PATH_CLASH")
        assert code(edits(served.client, capsule, {"readme.MD": "x"})) == (409, "PATH_CLASH")
        twice = [{"path": "a", "content": "1"}, {"path": "a", "content": "2"}]
        answer = served.client.patch(f"{BASE}/{capsule}", json={"files": twice})
        assert code(answer) == (422, "DUPLICATE_PATH")
        assert code(edits(served.client, capsule, {"nothing.txt": None})) == (422, "NO_SUCH_FILE")
        assert read(served.client, capsule)["current_version"] == 1

    def test_half_a_character_is_no_text(self, served: Served) -> None:
        """Content that is not Unicode is refused, not stored."""
        capsule = make(served.client)["id"]
        body = b'{"files": [{"path": "a.txt", "content": "\\ud800"}]}'
        answer = served.client.patch(f"{BASE}/{capsule}", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), answer.text


class TestConditions:
    def test_a_change_that_was_overtaken_is_refused(self, served: Served) -> None:
        """If-Match with an old tag is answered 412 with the capsule as it is."""
        capsule = make(served.client)
        place = f"{BASE}/{capsule['id']}"
        served.client.patch(place, json={"priority": "low"})
        answer = served.client.patch(place, json={"priority": "high"}, headers={"If-Match": '"1"'})
        assert answer.status_code == 412
        assert answer.json()["data"]["priority"] == "low"
        assert served.client.delete(place, headers={"If-Match": '"1"'}).status_code == 412
        assert served.client.delete(place, headers={"If-Match": '"2"'}).status_code == 204

    def test_nobody_changes_what_a_job_makes(self, served: Served) -> None:
        """While a capsule waits for its job it can be deleted and not changed; it has no files yet."""
        capsule = order(served.client)["capsule_id"]
        place = f"{BASE}/{capsule}"
        assert code(served.client.patch(place, json={"priority": "low"})) == (409, "CAPSULE_BUSY")
        assert code(served.client.post(f"{place}/versions", json={})) == (409, "CAPSULE_BUSY")
        assert code(served.client.get(f"{place}/files")) == (409, "CAPSULE_NOT_READY")
        assert code(served.client.post(f"{place}/export", json={})) == (409, "CAPSULE_NOT_READY")
        assert code(served.client.post(f"{place}/validate")) == (409, "CAPSULE_NOT_READY")
        assert served.client.delete(place).status_code == 204


class TestDeleted:
    def test_it_is_found_no_more_and_can_be_restored(self, served: Served, clock: TurnableClock) -> None:
        """A deleted capsule is nowhere, its quotas are free; restored, it is what it was; after 30 days it is over."""
        capsule = make(served.client)
        place, used = f"{BASE}/{capsule['id']}", quotas(served.client)
        assert served.client.delete(place).status_code == 204
        for below in ("", "/versions", "/versions/1", "/files", "/files/README.md", "/diff?from=1&to=1"):
            assert served.client.get(place + below).status_code == 404, below
        assert served.client.post(f"{place}/export", json={}).status_code == 404
        freed = quotas(served.client)
        assert used["capsules.capsules"] - freed["capsules.capsules"] == 1
        assert used["capsules.storage"] - freed["capsules.storage"] == capsule["bytes"]
        restored = served.client.post(f"{place}/restore").json()["data"]
        assert restored | {"version": 1, "updated_at": ""} == capsule | {"version": 1, "updated_at": ""}
        assert quotas(served.client) == used
        served.client.delete(place)
        clock.turn(timedelta(days=30).total_seconds() + 1)
        assert code(served.client.post(f"{place}/restore")) == (409, "CAPSULE_NOT_RESTORABLE")

    def test_one_version_too_many(self, served: Served) -> None:
        """A capsule has at most as many versions as the operator allows."""
        capsule = make(served.client)
        served.sql("UPDATE capsules SET current = 100 WHERE id = $1", capsule["id"])
        served.sql(
            "INSERT INTO capsule_versions SELECT capsule_id, n, tenant_id, cause, project_name, description, "
            "tech_stack, requirements, constraints, base, pack, provider, note, files, bytes, tree, created_by, "
            "created_at "
            "FROM capsule_versions, generate_series(2, 100) n WHERE capsule_id = $1",
            capsule["id"],
        )
        answer = served.client.patch(f"{BASE}/{capsule['id']}", json={"description": "Other words."})
        assert code(answer) == (409, "TOO_MANY_VERSIONS")
