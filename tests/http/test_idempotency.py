"""Idempotency keys and commits: one effect, one answer, and never a success that did not happen."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import House
from tests.house import NO_TLS, Served, environment, eventually, sql

BASE = "/api/v2/pets"


def register(client: httpx.Client, key: str, **members: str) -> httpx.Response:
    return client.post(BASE, json={"name": "Once", "species": "dog", **members}, headers={"Idempotency-Key": key})


def count(served: Served, name: str) -> int:
    return int(served.sql("SELECT count(*) FROM pets WHERE name = $1", name)[0][0])


class TestOneEffect:
    def test_the_same_request_again_is_answered_from_the_record(self, served: Served) -> None:
        """A repeated request has the first one's answer, says so, and no further effect."""
        first, second = register(served.client, "again", name="Again"), register(served.client, '"again"', name="Again")
        assert (first.status_code, second.status_code) == (201, 201)
        assert "idempotency-replayed" not in first.headers
        assert second.headers["idempotency-replayed"] == "true"
        assert second.json()["data"] == first.json()["data"]
        for name in ("location", "etag", "content-type"):
            assert second.headers[name] == first.headers[name]
        assert count(served, "Again") == 1

    def test_fifty_at_once_make_one_row(self, served: Served) -> None:
        """Of fifty concurrent requests with one key one acts; the rest get its answer, or 409 while it runs."""
        with ThreadPoolExecutor(50) as crowd:
            answers = list(crowd.map(lambda _: register(served.client, "fifty", name="Fifty"), range(50)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        ids = {answer.json()["data"]["id"] for answer in answers if answer.status_code == 201}
        assert len(ids) == 1
        for answer in answers:
            if answer.status_code == 409:
                assert answer.json()["errors"][0]["code"] == "IDEMPOTENCY_IN_PROGRESS"
                assert int(answer.headers["retry-after"]) >= 1
        assert register(served.client, "fifty", name="Fifty").json()["data"]["id"] in ids
        assert count(served, "Fifty") == 1

    def test_422_for_another_body_under_the_same_key(self, served: Served) -> None:
        """A key stands for one request: another one under it is refused and not carried out."""
        register(served.client, "other", name="Original")
        answer = register(served.client, "other", name="Changed")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
        assert count(served, "Changed") == 0

    def test_a_refusal_is_the_answer_too(self, served: Served) -> None:
        """A 4xx of the operation is kept and replayed like any other answer."""
        first = register(served.client, "refused", species="unicorn")
        second = register(served.client, "refused", species="unicorn")
        assert (first.status_code, second.status_code) == (422, 422)
        assert second.headers["idempotency-replayed"] == "true"
        assert second.json()["errors"] == first.json()["errors"]
        assert second.json()["request_id"] == second.headers["x-request-id"] != first.json()["request_id"]

    def test_keys_of_two_callers_do_not_meet(self, served: Served) -> None:
        """The same key of another caller is another key."""
        with served.with_key(served.key("pets:write")) as other:
            assert (
                register(other, "mine", name="Mine").json()["data"]
                != register(served.client, "mine", name="Mine").json()["data"]
            )

    def test_a_record_ends_after_a_day(self, served: Served) -> None:
        """After 24 hours the key is free again."""
        first = register(served.client, "day", name="Day").json()["data"]
        served.sql("UPDATE idempotency_records SET expires_at = now() - interval '1 second'")
        second = register(served.client, "day", name="Day").json()["data"]
        assert first["id"] != second["id"]

    @pytest.mark.parametrize("key", ["", "x" * 256, "with blank", '"open', "é"])
    def test_400_for_a_key_that_is_none(self, served: Served, key: str) -> None:
        """A malformed key is named; the request is not carried out as if there were none."""
        answer = served.client.post(
            BASE, json={"name": "None", "species": "dog"}, headers={"Idempotency-Key": key.encode("latin-1")}
        )
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


class TestCommit:
    @pytest.fixture
    def refusing(self, served: Served) -> Iterator[None]:
        """The database refuses the commit of a pet whose name says so."""
        served.sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF NEW.name = 'Refused' THEN RAISE EXCEPTION 'no'; END IF; RETURN NULL; END $$"
        )
        served.sql(
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON pets DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        yield
        served.sql("DROP TRIGGER refuse ON pets")
        served.sql("DROP FUNCTION refuse")

    @pytest.mark.usefixtures("refusing")
    def test_a_commit_that_fails_is_a_500_and_never_a_success(self, served: Served) -> None:
        """What the database refuses at the very end is not told as done, leaks nothing and is not remembered."""
        answer = register(served.client, "commit", name="Refused")
        assert answer.status_code == 500
        assert answer.json()["errors"][0]["code"] == "INTERNAL_ERROR"
        assert "trigger" not in answer.text
        assert "no" not in answer.json()["detail"].split()
        assert count(served, "Refused") == 0
        assert served.sql("SELECT 1 FROM idempotency_records WHERE status >= 500") == []


class TestCrash:
    def test_a_crash_between_effect_and_answer_makes_no_second_effect(
        self, new_database: Callable[[], str], engines: object, free_port: int, house: House
    ) -> None:
        """A process killed after its commit and before its answer: the retry elsewhere reads the first answer."""
        database = new_database()
        given = environment(database, engines.redis_url)  # type: ignore[attr-defined]
        process = subprocess.Popen(
            [sys.executable, "-m", "esteio", "serve", "--port", str(free_port)],
            env={**os.environ, **given},
            stderr=subprocess.DEVNULL,
        )
        try:
            client = httpx.Client(
                base_url=f"http://127.0.0.1:{free_port}",
                headers={"X-API-Key": given["ESTEIO_AUTH__API_KEY"]},
                verify=NO_TLS,
            )
            eventually(lambda: _answers(client), 60)
            sql(
                database,
                "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN PERFORM pg_sleep(2.7); RETURN NULL; END $$",
            )
            sql(
                database,
                "CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON pets DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION linger()",
            )
            with ThreadPoolExecutor(1) as other:
                lost = other.submit(lambda: _lost(client))
                # The process is killed while its commit is under way: the database still finishes it.
                eventually(
                    lambda: sql(database, "SELECT 1 FROM pg_stat_activity WHERE query = 'COMMIT;' AND state = 'active'")
                )
                os.kill(process.pid, signal.SIGKILL)
                assert lost.result(30)
            eventually(lambda: sql(database, "SELECT 1 FROM pets WHERE name = 'Crash'"))
        finally:
            process.kill()
            process.wait()
        with house(database_url=database) as running:
            answer = register(running.client, "crash", name="Crash")
            assert (answer.status_code, answer.headers["idempotency-replayed"]) == (201, "true")
            assert count(running, "Crash") == 1


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _lost(client: httpx.Client) -> bool:
    try:
        register(client, "crash", name="Crash")
    except httpx.TransportError:
        return True
    return False
