"""Tasks over HTTP: what was accepted can be watched, cancelled, tried again, by those whom it concerns."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import House
from tests.house import Served
from tests.tasks.chores import CHORES, asked, claim, work_off


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house(services=(CHORES,)) as running:
        yield running


def task(served: Served, job: str, client: httpx.Client | None = None) -> dict[str, Any]:
    answer = (client or served.client).get(f"/api/v2/tasks/{job}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


class TestReading:
    def test_an_accepted_task_waits_and_says_when_to_look_again(self, served: Served) -> None:
        """A task that nobody runs yet is `queued`, with Retry-After and nothing that it cannot know."""
        job = asked(served)
        answer = served.client.get(f"/api/v2/tasks/{job}")
        assert answer.headers["retry-after"] == "1"
        found = answer.json()["data"]
        assert (found["state"], found["type"], found["attempts"]) == ("queued", "chores.do", 0)
        assert found["progress"] == {"done": None, "total": None, "unit": "steps", "message": None}
        assert found["result"] is found["error"] is found["started_at"] is found["finished_at"] is None

    def test_a_done_task_shows_its_result_and_links_to_it(self, served: Served) -> None:
        """`succeeded` comes with result, progress, times and a link, and without Retry-After."""
        job = asked(served)
        work_off(served)
        answer = served.client.get(f"/api/v2/tasks/{job}")
        found = answer.json()
        assert "retry-after" not in answer.headers
        assert found["data"]["state"] == "succeeded"
        assert found["data"]["result"]["way"] == "plain"
        assert found["data"]["progress"] == {"done": 3, "total": 4, "unit": "steps", "message": "sweeping"}
        assert found["data"]["finished_at"] >= found["data"]["started_at"] >= found["data"]["created_at"]
        assert {"href": "/api/v2/somewhere", "rel": "result", "method": "GET"} in found["links"]

    def test_the_short_address_shows_the_same_without_an_envelope(self, served: Served) -> None:
        """`/tasks/{id}` is the task itself."""
        job = asked(served)
        answer = served.client.get(f"/tasks/{job}")
        assert answer.json() == task(served, job)

    def test_a_refusal_is_told_in_its_own_words(self, served: Served) -> None:
        """A task that can never be done fails at once and says why."""
        job = asked(served, "refuse")
        work_off(served)
        found = task(served, job)
        assert (found["state"], found["attempts"]) == ("failed", 1)
        assert found["error"]["code"] == "JOB_FAILED"
        assert found["error"]["detail"] == "This chore is nobody's."

    def test_a_failure_is_tried_again_and_shows_nothing_of_the_inside(self, served: Served) -> None:
        """A task that broke rests until a stated time; its error says nothing of what broke."""
        job = asked(served, "break")
        work_off(served)
        answer = served.client.get(f"/api/v2/tasks/{job}")
        found = answer.json()["data"]
        assert (found["state"], found["attempts"]) == ("retrying", 1)
        assert found["next_attempt_at"] > found["created_at"]
        assert "secret" not in answer.text

    def test_the_house_s_own_jobs_are_no_tasks(self, served: Served) -> None:
        """A job that is not visible is neither found nor listed."""
        job = asked(served, kind="hidden")
        assert served.client.get(f"/api/v2/tasks/{job}").status_code == 404
        listed = served.client.get("/api/v2/tasks", params={"type": "chores.hidden"}).json()["data"]
        assert listed == []

    def test_an_unknown_task_is_not_found(self, served: Served) -> None:
        """404 for an id that never was."""
        assert served.client.get(f"/api/v2/tasks/{uuid4()}").status_code == 404


class TestListing:
    def test_tasks_are_listed_by_state_and_type_the_newest_first(self, served: Served) -> None:
        """Both filters choose, both paginations page."""
        refused = [asked(served, "refuse", "once") for _ in range(3)]
        work_off(served)
        query = {"state": "failed", "type": "chores.once"}
        page = served.client.get("/api/v2/tasks", params={**query, "per_page": 2}).json()
        assert [one["id"] for one in page["data"]] == refused[:0:-1]
        assert page["meta"]["pagination"]["total"] == 3
        first = served.client.get("/api/v2/tasks", params={**query, "limit": 2}).json()
        cursor = first["meta"]["pagination"]["next"]
        rest = served.client.get("/api/v2/tasks", params={**query, "limit": 2, "cursor": cursor}).json()
        assert [one["id"] for one in first["data"] + rest["data"]] == refused[::-1]

    def test_living_tasks_are_listed_by_their_state(self, served: Served) -> None:
        """`queued` lists what waits."""
        job = asked(served)
        listed = served.client.get("/api/v2/tasks", params={"state": "queued"}).json()["data"]
        assert job in {one["id"] for one in listed}
        assert {one["state"] for one in listed} == {"queued"}

    def test_an_unknown_state_is_refused_by_name(self, served: Served) -> None:
        """422 names the field."""
        answer = served.client.get("/api/v2/tasks", params={"state": "asleep"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "state"


class TestWhose:
    def test_a_caller_sees_and_cancels_its_own_tasks_only(self, served: Served) -> None:
        """Another caller of the tenant learns nothing of a task, not even that it exists."""
        mine, theirs = served.with_key(served.key("keys:read")), served.with_key(served.key("keys:read"))
        with mine, theirs:
            job = asked(served, client=mine)
            assert task(served, job, mine)["state"] == "queued"
            for answer in (
                theirs.get(f"/api/v2/tasks/{job}"),
                theirs.post(f"/api/v2/tasks/{job}/cancel"),
                theirs.post(f"/api/v2/tasks/{job}/retry"),
            ):
                assert answer.status_code == 404
            assert theirs.get("/api/v2/tasks").json()["data"] == []
            assert mine.post(f"/api/v2/tasks/{job}/cancel").json()["data"]["state"] == "cancelled"

    def test_seeing_all_tasks_is_not_changing_them(self, served: Served) -> None:
        """With tasks:read alone another's task is seen, and changing it is 403."""
        job = asked(served)
        with served.with_key(served.key("tasks:read")) as watcher:
            assert task(served, job, watcher)["id"] == job
            assert watcher.post(f"/api/v2/tasks/{job}/cancel").status_code == 403
        assert task(served, job)["state"] == "queued"


class TestCancelling:
    def test_a_waiting_task_is_cancelled_for_good_with_no_worker_up(self, served: Served) -> None:
        """It is `cancelled` at once, and never runs when a worker comes."""
        job = asked(served)
        answer = served.client.post(f"/api/v2/tasks/{job}/cancel")
        assert (answer.status_code, answer.json()["data"]["state"]) == (202, "cancelled")
        work_off(served)
        found = task(served, job)
        assert (found["state"], found["attempts"], found["result"]) == ("cancelled", 0, None)

    def test_a_running_task_is_told_to_stop(self, served: Served) -> None:
        """It still runs, and says that its end was asked for."""
        job = asked(served)
        claim(served, job)
        found = served.client.post(f"/api/v2/tasks/{job}/cancel").json()["data"]
        assert (found["state"], found["cancel_requested"]) == ("running", True)

    def test_what_has_ended_cannot_be_cancelled(self, served: Served) -> None:
        """409, and the task stays as it ended."""
        job = asked(served)
        work_off(served)
        answer = served.client.post(f"/api/v2/tasks/{job}/cancel")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "TASK_FINISHED")
        assert task(served, job)["state"] == "succeeded"


class TestRetrying:
    def test_a_dead_letter_runs_again(self, served: Served) -> None:
        """A failed task waits again with all its tries and without its old error."""
        job = asked(served, "refuse")
        work_off(served)
        answer = served.client.post(f"/api/v2/tasks/{job}/retry")
        found = answer.json()["data"]
        assert (answer.status_code, found["state"], found["attempts"], found["error"]) == (202, "queued", 0, None)

    def test_what_did_not_fail_is_not_tried_again(self, served: Served) -> None:
        """409 for a task that succeeded, and for one that still lives."""
        job = asked(served)
        assert served.client.post(f"/api/v2/tasks/{job}/retry").status_code == 409
        work_off(served)
        answer = served.client.post(f"/api/v2/tasks/{job}/retry")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "TASK_NOT_FAILED")

    def test_dead_letters_are_retried_in_bulk(self, served: Served) -> None:
        """All of one type, no more than asked for, and nothing of another type."""
        jobs = [asked(served, "refuse", "once") for _ in range(3)]
        other = asked(served, "refuse")
        work_off(served)
        before = len(
            served.client.get("/api/v2/tasks", params={"state": "failed", "type": "chores.once"}).json()["data"]
        )
        answer = served.client.post("/api/v2/tasks/retry", json={"type": "chores.once", "limit": 2})
        assert answer.json()["data"] == {"retried": 2}
        served.client.post("/api/v2/tasks/retry", json={"type": "chores.once"})
        assert {task(served, job)["state"] for job in jobs} == {"queued"}
        assert task(served, other)["state"] == "failed"
        assert before >= 3

    def test_only_the_chosen_dead_letters_are_retried(self, served: Served) -> None:
        """Of those that are named the failed ones wait again; one that is none is passed over, others stay."""
        chosen, left = asked(served, "refuse"), asked(served, "refuse")
        done = asked(served)
        work_off(served)
        answer = served.client.post("/api/v2/tasks/retry", json={"ids": [chosen, done, str(uuid4())]})
        assert answer.json()["data"] == {"retried": 1}
        assert [task(served, job)["state"] for job in (chosen, left, done)] == ["queued", "failed", "succeeded"]

    def test_types_can_be_listed(self, served: Served) -> None:
        """The list has what the filter may name, with its unit, and nothing of what the house does for itself."""
        types = served.client.get("/api/v2/tasks/types").json()["data"]
        assert {"name": "chores.do", "unit": "steps"} in types
        assert not any(one["name"] == "chores.hidden" for one in types)


def test_one_idempotency_key_makes_one_task(served: Served) -> None:
    """Asking twice with one key gives the same task."""
    headers = {"Idempotency-Key": str(uuid4())}
    ids = {
        served.client.post("/api/v2/chores/do", json={"way": "plain"}, headers=headers).json()["data"]["id"]
        for _ in range(2)
    }
    assert len(ids) == 1


def test_changes_of_a_task_are_told(served: Served) -> None:
    """The outbox has a fact for the end of a visible task, and none of the house's own jobs."""
    job, hidden = asked(served), asked(served, kind="hidden")
    work_off(served)
    names = [row["name"] for row in served.sql("SELECT name FROM outbox WHERE subject = $1 ORDER BY position", job)]
    assert names[-1] == "task.succeeded"
    assert served.sql("SELECT name FROM outbox WHERE subject = $1", hidden) == []
