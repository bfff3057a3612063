"""Making a capsule: what is answered, what is refused, what is counted."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.capsules.maker import BASE, WISH, fact, facts, give_plan, make, person, quotas, read
from tests.conftest import House
from tests.house import Served

KNOWN = ("fastapi", "go", "react", "postgresql", "docker")


class TestMade:
    def test_201_gives_the_capsule_with_its_place_and_tag(self, served: Served) -> None:
        """A capsule that is made at once is complete: a first version with files, its address, its tag."""
        told = {**WISH, "metadata": {"team": "sales", "size": 3}}
        answer = served.client.post(BASE, json=told, headers={"Accept-Encoding": "identity"})
        assert answer.status_code == 201
        capsule = answer.json()["data"]
        assert answer.headers["location"] == f"{BASE}/{capsule['id']}"
        assert answer.headers["etag"] == '"1"'
        assert (capsule["status"], capsule["current_version"], capsule["base"]) == ("completed", 1, "python-fastapi")
        assert capsule["metadata"] == {"team": "sales", "size": 3}
        assert capsule["files"] > 10
        assert capsule == read(served.client, capsule["id"])

    def test_what_has_not_changed_is_not_sent_again(self, served: Served) -> None:
        """A capsule and a file of it are 304 for who has them, and whole again once the capsule has changed."""
        capsule = make(served.client)
        address = f"{BASE}/{capsule['id']}"
        for path in (address, f"{address}/files/README.md"):
            first = served.client.get(path)
            again = served.client.get(path, headers={"If-None-Match": first.headers["etag"]})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        tag = served.client.get(address).headers["etag"]
        changed = served.client.patch(address, json={"metadata": {"a": 1}}, headers={"If-Match": tag})
        assert changed.status_code == 200, changed.text
        whole = served.client.get(address, headers={"If-None-Match": tag})
        assert (whole.status_code, whole.json()["data"]["metadata"]) == (200, {"a": 1})

    def test_it_tells_that_it_is_there(self, served: Served) -> None:
        """`capsule.completed` stands in the outbox, without the description, which may be long."""
        capsule = make(served.client, metadata={"a": True})
        assert facts(served, capsule["id"]) == ["capsule.completed"]
        told = fact(served, capsule["id"], "capsule.completed")
        assert "description" not in told
        assert (told["metadata"], told["current_version"]) == ({"a": True}, 1)

    def test_the_words_are_in_its_files(self, served: Served) -> None:
        """Name, description, requirements and constraints are in the README."""
        capsule = make(
            served.client, requirements=["Orders can be cancelled"], constraints=["No personal data in logs"]
        )
        text = served.client.get(f"{BASE}/{capsule['id']}/files/README.md").text
        for words in ("Orders API", "orders of a bakery", "Orders can be cancelled", "No personal data in logs"):
            assert words in text

    def test_the_limit_is_told(self, served: Served) -> None:
        """The answer says how often capsules may be made and how many there may be."""
        answer = served.client.post(BASE, json=WISH)
        assert '"capsules.create";q=' in answer.headers["ratelimit-policy"]
        assert '"capsules.capsules";limit=100;used=' in answer.headers["quota"]
        assert '"capsules.storage";limit=1073741824' in answer.headers["quota"]

    def test_ten_a_minute(self, house: House) -> None:
        """The eleventh capsule of a caller within a minute is refused with 429, whatever kind the others were."""
        with house() as running:
            statuses = [running.client.post(BASE, json=WISH).status_code for _ in range(11)]
        assert statuses == [201] * 10 + [429]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"tech_stack": ["Python", "COBOL-ON-WHEELS"]}, "tech_stack.1"),
    ({"tech_stack": ["Python"] * 11}, "tech_stack"),
    ({"tech_stack": []}, "tech_stack"),
    ({"tech_stack": [""]}, "tech_stack.0"),
    ({"tech_stack": ["x" * 51]}, "tech_stack.0"),
    ({"tech_stack": ["Py\x07thon"]}, "tech_stack.0"),
    ({"tech_stack": ["Python", "$(reboot)"]}, "tech_stack.1"),
    ({"tech_stack": "Python"}, "tech_stack"),
    ({"tech_stack": ["FastAPI", "Flask"]}, "tech_stack"),
    ({"tech_stack": ["Go", "React"]}, "tech_stack"),
    ({"description": "x" * 10_000}, "description"),
    ({"description": ""}, "description"),
    ({"description": "a\x00b"}, "description"),
    ({"project_name": "x" * 101}, "project_name"),
    ({"project_name": "   "}, "project_name"),
    ({"project_name": "two\nlines"}, "project_name"),
    ({"project_name": "bell\x07"}, "project_name"),
    ({"requirements": ["x" * 501]}, "requirements.0"),
    ({"constraints": ["x"] * 51}, "constraints"),
    ({"priority": "urgent"}, "priority"),
    ({"async_processing": "yes"}, "async_processing"),
    ({"metadata": {"a": {"b": 1}}}, "metadata"),
    ({"metadata": {f"m{number}": 1 for number in range(51)}}, "metadata"),
    ({"provider": "gemini"}, "provider"),
    ({"webhook_url": "https://example.org/hook"}, "webhook_url"),
    ({"webhook_url": "http://127.0.0.1:9/hook", "async_processing": True}, "webhook_url"),
    ({"webhook_url": "file:///etc/passwd", "async_processing": True}, "webhook_url"),
    ({"provider": "gemini", "async_processing": True}, "provider"),
    ({"colour": "red"}, "colour"),
]


class TestRefused:
    @pytest.mark.parametrize(("members", "field"), REFUSED)
    def test_422_names_the_field(self, served: Served, members: dict[str, Any], field: str) -> None:
        """Whatever is not acceptable is refused by the name of its field, and nothing is made or counted."""
        before = quotas(served.client)
        answer = served.client.post(BASE, json={**WISH, **members})
        assert answer.status_code == 422, answer.text
        named = [error["field"] for error in answer.json()["errors"]]
        assert any(name == field or name.startswith(f"{field}.") for name in named), named
        assert quotas(served.client) == before

    def test_an_unknown_technology_is_answered_with_those_that_are_known(self, served: Served) -> None:
        """Who names what is not known here reads what is."""
        answer = served.client.post(BASE, json={**WISH, "tech_stack": ["Fortran"]}).json()
        assert answer["errors"][0]["code"] == "UNKNOWN_TECHNOLOGY"
        message = answer["errors"][0]["message"].lower()
        assert [name for name in KNOWN if name not in message] == []

    def test_each_missing_member_is_named(self, served: Served) -> None:
        """An empty body is told everything that is missing."""
        answer = served.client.post(BASE, json={}).json()
        assert {error["field"] for error in answer["errors"]} == {"project_name", "description", "tech_stack"}


class TestOnce:
    def test_fifty_requests_with_one_key_make_one_capsule(self, served: Served) -> None:
        """However many requests carry one Idempotency-Key at once, there is one capsule and one answer."""
        key, before = str(uuid4()), quotas(served.client)["capsules.capsules"]

        def ask(_: int) -> Any:
            return served.client.post(BASE, json=WISH, headers={"Idempotency-Key": key})

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(ask, range(50)))
        made = [answer for answer in answers if answer.status_code == 201]
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.json()["data"]["id"] for answer in made}) == 1
        again = ask(0)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
        assert again.json()["data"] == made[0].json()["data"]
        assert quotas(served.client)["capsules.capsules"] == before + 1

    def test_another_body_under_the_same_key_is_refused(self, served: Served) -> None:
        """A key stands for one request."""
        headers = {"Idempotency-Key": str(uuid4())}
        assert served.client.post(BASE, json=WISH, headers=headers).status_code == 201
        other = served.client.post(BASE, json={**WISH, "project_name": "Another"}, headers=headers)
        assert other.status_code == 422


class TestQuota:
    def test_exactly_as_many_as_the_plan_allows(self, house: House) -> None:
        """Twenty requests at once for what has room for five make five; the others are refused by the quota's name."""
        with house(LIMITS__ENABLED="false") as running:
            give_plan(running, "small", capsules_capsules=5)
            with ThreadPoolExecutor(10) as pool:
                answers = list(pool.map(lambda _: running.client.post(BASE, json=WISH), range(20)))
            refused = [answer for answer in answers if answer.status_code != 201]
            assert len(refused) == 15
            assert {(answer.status_code, answer.json()["errors"][0]["code"]) for answer in refused} == {
                (403, "QUOTA_EXCEEDED")
            }
            assert all("capsules.capsules" in answer.text for answer in refused)
            assert '"capsules.capsules";limit=5;used=5;remaining=0' in refused[0].headers["quota"]
            assert running.client.get(BASE).json()["meta"]["pagination"]["total"] == 5

    def test_storage_refuses_and_nothing_is_left(self, house: House) -> None:
        """A capsule that would not fit leaves neither rows nor contents behind."""
        with house() as running:
            give_plan(running, "tiny", capsules_storage=1000)
            answer = running.client.post(BASE, json=WISH)
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "QUOTA_EXCEEDED")
            for table in ("capsules", "capsule_versions", "capsule_files", "capsule_contents"):
                assert running.sql(f"SELECT 1 FROM {table} LIMIT 1") == []
            assert quotas(running.client)["capsules.capsules"] == 0


class TestWho:
    def test_a_viewer_reads_and_makes_nothing(self, served: Served) -> None:
        """The role viewer sees the organisation's capsules and cannot make, change, delete or export any."""
        capsule, viewer = make(served.client), person(served, "vera", "viewer")
        assert viewer.get(f"{BASE}/{capsule['id']}").status_code == 200
        assert viewer.post(BASE, json=WISH).status_code == 403
        assert viewer.patch(f"{BASE}/{capsule['id']}", json={"priority": "low"}).status_code == 403
        assert viewer.delete(f"{BASE}/{capsule['id']}").status_code == 403
        assert viewer.post(f"{BASE}/{capsule['id']}/export", json={}).status_code == 403

    def test_an_owner_changes_what_is_theirs_only(self, served: Served) -> None:
        """A user changes and deletes their own capsules; others' are for who may manage them."""
        ana, bea = person(served, "ana", "user"), person(served, "bea", "user")
        capsule = make(ana)
        place = f"{BASE}/{capsule['id']}"
        assert bea.get(place).status_code == 200
        for refused in (
            bea.patch(place, json={"priority": "low"}),
            bea.delete(place),
            bea.post(f"{place}/versions", json={}),
            bea.post(f"{place}/restore"),
        ):
            assert refused.status_code == 403, refused.text
        assert ana.patch(place, json={"priority": "low"}).json()["data"]["priority"] == "low"
        assert served.client.patch(place, json={"priority": "high"}).status_code == 200
        assert ana.delete(place).status_code == 204
        assert bea.post(f"{place}/restore").status_code == 403
