"""A capsule that a job makes: accepted, made by a real worker, told to who asked to hear of it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from standardwebhooks import Webhook

from tests.capsules.maker import BASE, WISH, facts, give_plan, make, open_limit, order, quotas, read
from tests.conftest import House
from tests.house import Served, environment, eventually
from tests.upstream.receiver import Receiver, receiving
from tests.webhooks.station import ENDPOINTS, OPEN, endpoint
from tests.worker.processes import Running, scheduler, worker

ALL = "esteio.catalog:SHIPPED"


@dataclass(frozen=True)
class Works:
    """An API with a worker and a scheduler beside it."""

    served: Served
    worker: Running

    def ended(self, capsule: str, status: str) -> dict[str, Any]:
        """The capsule once it has come to this."""
        eventually(lambda: read(self.served.client, capsule)["status"] == status, 60.0, 0.05)
        return read(self.served.client, capsule)

    def task(self, job: str) -> dict[str, Any]:
        found: dict[str, Any] = self.served.client.get(f"/api/v2/tasks/{job}").json()["data"]
        return found


@pytest.fixture(scope="module")
def works(house: House, new_database: Callable[[], str], new_redis: Callable[[], str]) -> Iterator[Works]:
    database, redis = new_database(), new_redis()
    given = environment(database, redis, JOBS__LEASE="6", **OPEN)
    with (
        house(database_url=database, redis_url=redis, **OPEN) as served,
        worker(given, services=ALL) as working,
        scheduler(given, services=ALL),
    ):
        open_limit(served)
        yield Works(served, working)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


class TestMade:
    def test_from_the_request_to_the_signed_message(self, works: Works, receiver: Receiver) -> None:
        """202 with the job, then a capsule with its files, and `capsule.completed` to the URL that the request named
        and to the organisation's endpoint, each signed with what its receiver was given."""
        known = endpoint(works.served, receiver.url("/ok/known"), "capsule.completed")
        answer = works.served.client.post(
            BASE, json={**WISH, "async_processing": True, "webhook_url": receiver.url("/ok/named")}
        )
        assert answer.status_code == 202
        accepted = answer.json()["data"]
        assert accepted["status"] == "queued"
        assert answer.headers["location"] == f"/api/v2/tasks/{accepted['job_id']}"
        capsule = works.ended(accepted["capsule_id"], "completed")
        assert (capsule["current_version"], capsule["job_id"]) == (1, accepted["job_id"])
        task = works.task(accepted["job_id"])
        assert task["state"] == "succeeded"
        assert task["result"] == {
            "capsule": capsule["id"],
            "version": 1,
            "provider": "template",
            "files": capsule["files"],
        }
        for path, secret in (("/ok/named", accepted["webhook_secret"]), ("/ok/known", known["secret"])):
            eventually(lambda path=path: receiver.to(path), 30.0)
            (request,) = receiver.to(path)
            message = Webhook(secret).verify(request.body, request.headers)
            assert (message["type"], message["data"]["id"]) == ("capsule.completed", capsule["id"])
        assert facts(works.served, capsule["id"]) == ["capsule.queued", "capsule.completed"]
        works.served.client.delete(f"{ENDPOINTS}/{known['id']}")

    def test_the_secret_is_not_kept(self, works: Works, receiver: Receiver) -> None:
        """What signs a request's own messages lies nowhere in clear, and a repeated request is told it again."""
        headers = {"Idempotency-Key": str(uuid4())}
        body = {**WISH, "async_processing": True, "webhook_url": receiver.url("/ok/again")}
        first, second = (works.served.client.post(BASE, json=body, headers=headers) for _ in range(2))
        assert second.headers["idempotency-replayed"] == "true"
        secret = first.json()["data"]["webhook_secret"]
        assert second.json()["data"]["webhook_secret"] == secret
        works.ended(first.json()["data"]["capsule_id"], "completed")
        eventually(lambda: receiver.to("/ok/again"), 30.0)
        for table in ("capsules", "jobs", "outbox", "webhook_deliveries", "idempotency_records"):
            rows = works.served.sql(f"SELECT 1 FROM {table} t WHERE t::text LIKE '%' || $1 || '%'", secret)
            assert rows == [], table

    def test_the_old_clients_workflow(self, works: Works) -> None:
        """`POST /api/v1/execute` answers a workflow, which is the task of a capsule, and says what takes its place."""
        answer = works.served.client.post("/api/v1/execute", json=WISH)
        assert answer.status_code == 200
        assert list(answer.json()) == ["workflow_id"]
        assert answer.headers["deprecation"].startswith("@")
        assert 'rel="successor-version"' in answer.headers["link"]
        job = answer.json()["workflow_id"]
        eventually(lambda: works.task(job)["state"] == "succeeded", 60.0)

    def test_a_new_version_by_the_packs_of_today(self, works: Works) -> None:
        """A regenerated capsule has one more version, which says why it was made."""
        capsule = order(works.served.client)["capsule_id"]
        works.ended(capsule, "completed")
        answer = works.served.client.post(f"{BASE}/{capsule}/versions", json={})
        assert answer.status_code == 202, answer.text
        eventually(lambda: read(works.served.client, capsule)["current_version"] == 2, 60.0)
        version = works.served.client.get(f"{BASE}/{capsule}/versions/2").json()["data"]
        assert version["cause"] == "regenerated"


@contextmanager
def storage_held(served: Served) -> Iterator[None]:
    """Nobody can take of the organisation's storage for the time of the block."""
    loop = asyncio.new_event_loop()
    address = served.database_url.replace("//esteio@", "//postgres@")
    line = loop.run_until_complete(asyncpg.connect(address))
    try:
        loop.run_until_complete(line.execute("BEGIN"))
        row = "SELECT 1 FROM quota_uses WHERE quota = 'capsules.storage' FOR UPDATE"
        assert loop.run_until_complete(line.fetch(row))
        yield
    finally:
        loop.run_until_complete(line.close())
        loop.close()


class TestKilled:
    def test_a_worker_that_is_killed_in_the_middle(self, works: Works, receiver: Receiver) -> None:
        """When a worker dies between beginning a capsule and committing its files, the job runs again: there is one
        version, one fact and one message."""
        make(works.served.client)
        with storage_held(works.served):
            accepted = order(works.served.client, webhook_url=receiver.url("/ok/killed"))
            eventually(lambda: works.served.sql("SELECT 1 FROM pg_locks WHERE NOT granted"), 60.0)
            assert read(works.served.client, accepted["capsule_id"])["status"] == "generating"
            works.worker.kill()
        capsule = works.ended(accepted["capsule_id"], "completed")
        assert capsule["current_version"] == 1
        eventually(lambda: receiver.to("/ok/killed"), 60.0)
        assert facts(works.served, capsule["id"]).count("capsule.completed") == 1
        deliveries = "SELECT state FROM webhook_deliveries WHERE subject = $1 AND url IS NOT NULL"
        assert len(works.served.sql(deliveries, capsule["id"])) == 1
        assert len(receiver.to("/ok/killed")) == 1
        assert works.task(accepted["job_id"])["attempts"] >= 2


class TestFailed:
    def test_what_does_not_fit_has_failed_and_says_so(self, works: Works, receiver: Receiver) -> None:
        """A capsule whose files do not fit the organisation's storage fails, is told as `capsule.failed` with the
        reason, and counts no longer; made anew once there is room, it is complete."""
        give_plan(works.served, "tight", capsules_storage=0)
        before = quotas(works.served.client)["capsules.capsules"]
        known = endpoint(works.served, receiver.url("/ok/known-failed"), "capsule.failed")
        accepted = order(works.served.client, webhook_url=receiver.url("/ok/failed"))
        capsule = works.ended(accepted["capsule_id"], "failed")
        assert (capsule["reason"], capsule["current_version"]) == ("QUOTA_EXCEEDED", 0)
        eventually(lambda: receiver.to("/ok/failed"), 30.0)
        (request,) = receiver.to("/ok/failed")
        message = Webhook(accepted["webhook_secret"]).verify(request.body, request.headers)
        assert (message["type"], message["data"]["reason"]) == ("capsule.failed", "QUOTA_EXCEEDED")
        eventually(lambda: receiver.to("/ok/known-failed"), 30.0)
        (request,) = receiver.to("/ok/known-failed")
        assert Webhook(known["secret"]).verify(request.body, request.headers)["data"]["id"] == capsule["id"]
        eventually(lambda: works.task(accepted["job_id"])["state"] == "failed", 30.0)
        assert quotas(works.served.client)["capsules.capsules"] == before
        give_plan(works.served, "roomy", capsules_storage=10**9)
        works.served.client.post(f"{BASE}/{capsule['id']}/versions", json={})
        works.ended(capsule["id"], "completed")
        assert quotas(works.served.client)["capsules.capsules"] == before + 1

    def test_a_cancelled_job_is_not_waited_for(self, works: Works) -> None:
        """A capsule whose job was cancelled has failed once it is looked after, and can be deleted without counting."""
        before = quotas(works.served.client)
        works.worker.freeze()
        try:
            accepted = order(works.served.client)
            cancelled = works.served.client.post(f"/api/v2/tasks/{accepted['job_id']}/cancel")
        finally:
            works.worker.thaw()
        assert cancelled.status_code in (200, 202, 204), cancelled.text
        works.served.sql(
            "UPDATE capsules SET updated_at = updated_at - $2::interval WHERE id = $1",
            accepted["capsule_id"],
            timedelta(minutes=5),
        )
        capsule = works.ended(accepted["capsule_id"], "failed")
        assert capsule["reason"] == "JOB_LOST"
        assert facts(works.served, capsule["id"])[-1] == "capsule.failed"
        assert works.served.client.delete(f"{BASE}/{capsule['id']}").status_code == 204
        assert quotas(works.served.client) == before
