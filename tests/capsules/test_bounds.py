"""Capsules against odd input, large input, and those who may not: lists, search, metadata, channels, audit."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.capsules.maker import BASE, WISH, make, order, person
from tests.capsules.worked import begin
from tests.house import Served
from tests.realtime.client import socket

METADATA: list[dict[str, Any]] = [
    {"a": "nul\x00"},
    {"nul\x00": 1},
    {"line\nbreak": 1},
    {"": 1},
    {"a" * 65: 1},
    {"a": "x" * 501},
    {"a": 2**53},
    {"a": -(10**30)},
    {"a": [1]},
    {f"m{number}": "x" * 500 for number in range(20)},
]


ANY = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)
ODD = st.text("\"-|&!():*\\<> a\u2028'", min_size=1, max_size=60)


class TestMetadata:
    @pytest.mark.parametrize("metadata", METADATA, ids=range(len(METADATA)))
    def test_what_could_not_be_shown_as_it_was_sent_is_refused(self, served: Served, metadata: dict[str, Any]) -> None:
        """Control characters, numbers that JSON readers lose, depth and bulk are 422 by the field's name."""
        answer = served.client.post(BASE, json={**WISH, "metadata": metadata})
        assert answer.status_code == 422, answer.text
        assert all(error["field"].startswith("metadata") for error in answer.json()["errors"])

    @pytest.mark.parametrize("text", ["NaN", "1e999", '"\\ud800"'])
    def test_what_is_no_json_is_refused(self, served: Served, text: str) -> None:
        """Numbers without a value and half characters end at the door, not in a 500."""
        body = json.dumps({**WISH, "metadata": {"a": "HERE"}}).replace('"HERE"', text)
        answer = served.client.post(BASE, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), answer.text

    def test_it_is_shown_as_it_was_sent(self, served: Served) -> None:
        """Numbers, truth, null and texts of every script come back as they are."""
        metadata = {"n": 2**53 - 1, "f": 0.1, "b": False, "z": None, "t": "Ünï \u202e \U0001f35e\n", "e\u0301": "x"}
        assert make(served.client, metadata=metadata)["metadata"] == metadata | {"t": metadata["t"].strip()}


class TestLists:
    def test_long_members_are_not_in_them(self, served: Served) -> None:
        """A page of a hundred of the longest capsules is no longer than two megabytes: requirements are read alone."""
        points = ["x" * 500] * 50
        metadata = {f"m{number}": "y" * 500 for number in range(16)}
        capsule = make(
            served.client, description="d" * 5000, requirements=points, constraints=points, metadata=metadata
        )
        row = next(row for row in served.client.get(BASE).json()["data"] if row["id"] == capsule["id"])
        assert capsule.keys() - row.keys() == {"requirements", "constraints"}
        assert row == {name: capsule[name] for name in row}
        assert len(json.dumps(row)) * 100 < 2_000_000

    @settings(max_examples=60)
    @given(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=60) | st.text("\"-|&!():*\\<> a\u2028'", min_size=1)
    )
    def test_no_search_breaks(self, served: Served, words: str) -> None:
        """Whatever is asked for is answered with a list, or refused by the field's name."""
        answer = served.client.get(BASE, params={"q": words})
        assert answer.status_code in (200, 422), answer.text
        if answer.status_code == 422:
            assert answer.json()["errors"][0]["field"] == "q"

    @pytest.mark.parametrize("sort_by", ["project_name", "updated_at"])
    def test_a_search_is_paged_to_its_end(self, served: Served, sort_by: str) -> None:
        """By cursor each capsule that has the words is there once, in order, also where capsules come in between."""
        word = f"w{uuid4().hex}"
        names = ["Zebra", "apple", "Äpfel", "apple", "_x", "Ökonom", "zoo"]
        made = {make(served.client, project_name=name, description=f"About {word}.")["id"] for name in names}
        found: list[str] = []
        query: dict[str, Any] = {"q": word, "sort_by": sort_by, "sort_order": "asc", "limit": 2}
        while query:
            page = served.client.get(BASE, params=query).json()
            found += [row["id"] for row in page["data"]]
            make(served.client, description="Of something else.")
            following = [httpx.URL(link["href"]).params for link in page["links"] if link["rel"] == "next"]
            query = dict(following[0]) if following else {}
        assert len(found) == len(made)
        assert set(found) == made


class TestWho:
    def test_a_channel_of_what_is_not_there_is_refused(self, served: Served) -> None:
        """Nobody listens to a capsule that their organisation does not have, that is deleted, or that is no id."""
        capsule, gone = make(served.client)["id"], make(served.client)["id"]
        served.client.delete(f"{BASE}/{gone}")
        with socket(served.url) as line:
            for name in (str(uuid4()), gone, "nothing"):
                assert line.ask(type="subscribe", channel=f"capsules.{name}")["type"] == "error", name
            line.subscribe(f"capsules.{capsule}")
            line.subscribe("capsules")

    def test_who_may_not_read_does_not_hear(self, served: Served) -> None:
        """A key without `capsules:read` can listen to no channel of capsules."""
        capsule = make(served.client)["id"]
        with socket(served.url, served.key("pets:write")) as line:
            for channel in ("capsules", f"capsules.{capsule}"):
                assert line.ask(type="subscribe", channel=channel)["type"] == "error", channel

    def test_acts_on_what_is_anothers_are_in_the_audit_log(self, served: Served) -> None:
        """Who manages others' capsules leaves an entry for each act; owners leave none on their own."""
        owner = person(served, "olga", "user")
        capsule = make(owner)["id"]
        place = f"{BASE}/{capsule}"
        owner.patch(place, json={"priority": "low"})
        served.client.patch(place, json={"priority": "high"})
        served.client.delete(place)
        served.client.post(f"{place}/restore")
        served.client.post(f"{place}/versions", json={})
        rows = served.sql("SELECT action, actor, details FROM audit_log WHERE subject = $1 ORDER BY at", capsule)
        assert [row["action"] for row in rows] == [
            "capsule.updated",
            "capsule.deleted",
            "capsule.restored",
            "capsule.regenerated",
        ]
        me = served.client.get("/auth/me").json()["id"]
        assert {row["actor"] for row in rows} == {me}
        assert all("user:" in row["details"] for row in rows)


class TestOldClients:
    def test_who_names_a_webhook_is_told_its_secret(self, served: Served) -> None:
        """`execute` answers what signs the messages to a URL that was named, and nothing more where none was."""
        answer = served.client.post("/api/v1/execute", json=WISH)
        assert list(answer.json()) == ["workflow_id"]
        answer = served.client.post("/api/v1/execute", json={**WISH, "webhook_url": "https://hooks.example.org/x"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["webhook_secret"].startswith("whsec_")


def test_what_a_job_takes_up_is_seen_at_once(served: Served) -> None:
    """A kept answer is not older than what a job did with the capsule."""
    ordered = order(served.client)
    place = f"{BASE}/{ordered['capsule_id']}"
    assert served.client.get(place).json()["data"]["status"] == "queued"
    begin(served, ordered["capsule_id"], ordered["job_id"])
    assert served.client.get(place).json()["data"]["status"] == "generating"
