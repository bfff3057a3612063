"""Capsules between several hands at once: purges and writers, jobs and people, two people."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.tickets import Tickets
from esteio.services.capsules import contents
from esteio.services.capsules.contents import TreeFile
from esteio.services.capsules.tasks import AT_ONCE
from tests.capsules.maker import BASE, edits, facts, make, order, quotas, read
from tests.capsules.worked import begin, complete, end_job, fail, mend, purge, within
from tests.house import Served

THERE = "SELECT 1 FROM capsule_contents WHERE sha256 = $1"


async def drop(session: AsyncSession, served: Served) -> None:
    """A purge of contents from one end to the other."""
    before = served.app.resources.clock.now() + timedelta(hours=2)
    behind: bytes | None = b""
    while behind is not None:
        behind = await contents.drop_unused(session, before=before, behind=behind, most=50)


async def keep(session: AsyncSession, served: Served, content: bytes) -> None:
    now = served.app.resources.clock.now()
    await contents.keep_contents(session, [TreeFile("a", content)], tenant=DEFAULT_TENANT, now=now)


def unused(served: Served, content: bytes) -> bytes:
    """Contents that no file has; their digest."""
    within(served, lambda session: keep(session, served, content))
    return sha256(content).digest()


class TestContents:
    def test_what_is_held_is_passed_over(self, served: Served) -> None:
        """A purge does not wait for a writer who has just taken up a content again, and leaves it to them."""
        digest = unused(served, b"held by a writer")
        database = served.app.resources.database

        async def both() -> None:
            async with transaction(database, DEFAULT_TENANT) as writer:
                assert await contents.hold_contents(writer, [digest]) == {digest}
                async with asyncio.timeout(5), transaction(database, DEFAULT_TENANT) as purger:
                    await drop(purger, served)

        served.run(both)
        assert served.sql(THERE, digest)
        within(served, lambda session: drop(session, served))
        assert not served.sql(THERE, digest)

    def test_what_is_being_purged_is_written_anew(self, served: Served) -> None:
        """A writer who needs a content that is just purged waits for the purge's end and finds it there afterwards."""
        content = b"purged and needed at once"
        digest = unused(served, content)
        database = served.app.resources.database

        async def write() -> None:
            async with transaction(database, DEFAULT_TENANT) as session:
                await keep(session, served, content)

        async def both() -> bool:
            async with transaction(database, DEFAULT_TENANT) as purger:
                await drop(purger, served)
                writer = asyncio.create_task(write())
                done, _ = await asyncio.wait([writer], timeout=0.3)
            await writer
            return not done

        assert served.run(both), "the writer did not wait"
        assert served.sql(THERE, digest)

    def test_a_purge_amid_many_writers(self, served: Served) -> None:
        """While capsules are made, deleted and purged again and again no file ever loses its bytes, and all answer."""
        over = threading.Event()

        def write(number: int) -> None:
            for turn in range(4):
                capsule = make(served.client, description=f"Turn {turn} of {number % 2}.")["id"]
                served.client.delete(f"{BASE}/{capsule}")
                served.sql("UPDATE capsules SET deleted_at = '2020-01-01' WHERE id = $1", capsule)
                purge(served, capsule)

        def sweep() -> None:
            while not over.is_set():
                within(served, lambda session: drop(session, served))

        with ThreadPoolExecutor(4) as pool:
            sweeping = pool.submit(sweep)
            try:
                for writing in [pool.submit(write, number) for number in range(3)]:
                    writing.result()
            finally:
                over.set()
            sweeping.result()
        lost = """
            SELECT 1 FROM capsule_files f LEFT JOIN capsule_contents c USING (tenant_id, sha256) WHERE c.sha256 IS NULL
        """
        assert served.sql(lost) == []
        within(served, lambda session: drop(session, served))
        left = (
            "SELECT 1 FROM capsule_contents c WHERE NOT EXISTS (SELECT FROM capsule_files f WHERE f.sha256 = c.sha256)"
        )
        assert served.sql(left) == []


class TestPeople:
    def test_two_changes_at_once_are_two_versions(self, served: Served) -> None:
        """Of changes without a condition each makes its version, one behind the other; with one, one of them is 412."""
        capsule = make(served.client)["id"]

        def change(number: int, **headers: str) -> Any:
            files = [{"path": f"{number}.txt", "content": "x"}]
            return served.client.patch(f"{BASE}/{capsule}", json={"files": files}, headers=headers)

        with ThreadPoolExecutor(4) as pool:
            assert {answer.status_code for answer in pool.map(change, range(4))} == {200}
            now = {"If-Match": f'"{read(served.client, capsule)["version"]}"'}
            answers = list(pool.map(lambda number: change(number, **now).status_code, range(4, 8)))
        assert sorted(answers) == [200, 412, 412, 412]
        found = read(served.client, capsule)
        assert found["current_version"] == 6
        listed = served.client.get(f"{BASE}/{capsule}/files", params={"per_page": 100}).json()
        paths = {row["path"] for row in listed["data"]}
        assert {f"{number}.txt" for number in range(4)} < paths
        assert listed["meta"]["pagination"]["total"] == found["files"] == len(paths)


class TestJobs:
    def test_a_job_of_before_makes_nothing_of_what_came_after(self, served: Served) -> None:
        """A capsule is deleted while its job runs, restored and ordered anew: the old job's files are not taken, and
        the new order is a job of its own."""
        ordered = order(served.client)
        capsule, old = ordered["capsule_id"], ordered["job_id"]
        wish = begin(served, capsule, old)
        assert wish is not None
        served.sql("UPDATE job_tickets SET state = 'running' WHERE job_id = $1", old)
        assert served.client.delete(f"{BASE}/{capsule}").status_code == 204
        (ticket,) = served.sql("SELECT cancel_requested FROM job_tickets WHERE job_id = $1", old)
        assert ticket["cancel_requested"]
        restored = served.client.post(f"{BASE}/{capsule}/restore").json()["data"]
        assert (restored["status"], restored["reason"]) == ("failed", "DELETED")
        new = served.client.post(f"{BASE}/{capsule}/versions", json={}).json()["data"]["job_id"]
        assert new != old
        assert complete(served, capsule, old, wish) is None
        wish = begin(served, capsule, new)
        assert wish is not None
        assert complete(served, capsule, new, wish) == 1
        assert facts(served, capsule).count("capsule.completed") == 1

    def test_what_waits_is_cancelled_with_its_capsule(self, served: Served) -> None:
        """The task of a capsule that is deleted while it waits is cancelled at once."""
        ordered = order(served.client)
        assert served.client.delete(f"{BASE}/{ordered['capsule_id']}").status_code == 204
        task = served.client.get(f"/api/v2/tasks/{ordered['job_id']}").json()["data"]
        assert task["state"] == "cancelled"

    def test_files_of_ones_own_stay_when_it_is_made_anew(self, served: Served) -> None:
        """A README that a person has edited is theirs in the version that a job makes, too."""
        capsule = make(served.client)["id"]
        edits(served.client, capsule, {"README.md": "# Ours\n", "own.txt": "own"})
        job = served.client.post(f"{BASE}/{capsule}/versions", json={}).json()["data"]["job_id"]
        wish = begin(served, capsule, job)
        assert wish is not None
        assert complete(served, capsule, job, wish) == 3
        place = f"{BASE}/{capsule}/files"
        assert served.client.get(f"{place}/README.md", params={"version": 3}).text == "# Ours\n"
        assert served.client.get(f"{place}/own.txt", params={"version": 3}).text == "own"

    def test_a_dead_letter_that_is_tried_again_makes_its_capsule(self, served: Served) -> None:
        """Whoever retries the task of a capsule that has failed gets the capsule, counted again, and told once."""
        before = quotas(served.client)["capsules.capsules"]
        ordered = order(served.client)
        capsule, job = ordered["capsule_id"], ordered["job_id"]
        assert begin(served, capsule, job) is not None
        assert fail(served, capsule, job)
        end_job(served, job, "failed")
        assert begin(served, capsule, job) is None
        assert served.client.post(f"/api/v2/tasks/{job}/retry").status_code == 202
        wish = begin(served, capsule, job, again=True)
        assert wish is not None
        assert read(served.client, capsule)["status"] == "generating"
        assert complete(served, capsule, job, wish) == 1
        assert begin(served, capsule, job, again=True) is None
        assert quotas(served.client)["capsules.capsules"] == before + 1

    def test_a_capsule_whose_job_lives_is_not_mended(self, served: Served) -> None:
        """However long a job takes, its capsule has not failed; when the job has ended without a word it has."""
        ordered = order(served.client)
        capsule, job = ordered["capsule_id"], ordered["job_id"]
        assert begin(served, capsule, job) is not None
        served.sql("UPDATE capsules SET updated_at = '2020-01-01' WHERE id = $1", capsule)
        assert not mend(served, capsule)
        end_job(served, job, "cancelled")
        assert mend(served, capsule)
        assert not mend(served, capsule)
        assert read(served.client, capsule)["reason"] == "JOB_LOST"
        assert facts(served, capsule).count("capsule.failed") == 1

    def test_many_of_low_priority_do_not_stand_before_one_of_high(self, served: Served) -> None:
        """Of each priority so many are carried at once; one of high that came last goes with the first of low."""
        served.sql("DELETE FROM job_tickets")
        low = {order(served.client, priority="low")["job_id"] for _ in range(AT_ONCE + 2)}
        high = order(served.client, priority="high")["job_id"]

        async def take() -> list[UUID]:
            return await Tickets(served.app.resources.database).take("io", 100)

        taken = [str(job) for job in served.run(take)]
        assert high in taken[:2]
        assert len(low & set(taken)) == AT_ONCE
        served.sql("DELETE FROM job_tickets")
