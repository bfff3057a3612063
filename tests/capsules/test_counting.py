"""Whatever is done to capsules, in whatever order and with whatever failures, the quotas are what is there."""

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esteio.quotas.errors import QuotaExceeded
from esteio.services.capsules.making import Said, wish_of
from esteio.services.capsules.packs.rendering import generate
from tests.capsules.maker import BASE, WISH, give_plan, open_limit, quotas
from tests.capsules.worked import STATES, begin, complete, fail, mend, purge
from tests.conftest import House
from tests.house import Served

RECOUNT = """
SELECT count(*) FILTER (WHERE current > 0 OR status IN ('queued', 'generating')) AS capsules,
       coalesce(sum(bytes), 0)::bigint AS bytes,
       (SELECT coalesce(sum(f.size), 0)::bigint FROM capsule_files f JOIN capsules c ON c.id = f.capsule_id
        WHERE c.deleted_at IS NULL) AS listed,
       (SELECT coalesce(sum(v.bytes), 0)::bigint FROM capsule_versions v JOIN capsules c ON c.id = v.capsule_id
        WHERE c.deleted_at IS NULL) AS written
FROM capsules WHERE deleted_at IS NULL
"""
ACTS = ("create", "order", "begin", "work", "fail", "words", "file", "label", "empty", "again", "retry", "lose")
ENDS = ("delete", "restore", "purge")


class Capsules:
    """Capsules of one organisation, which has room for four, and what may be done to one of them."""

    def __init__(self, served: Served) -> None:
        self.served, self.client = served, served.client
        self.ids: list[str] = []

    def do(self, act: str, at: int) -> None:
        if act in ("create", "order"):
            answer = self.client.post(BASE, json={**WISH, "async_processing": act == "order"})
            assert answer.status_code in (201, 202, 403), answer.text
            if answer.status_code != 403:
                data = answer.json()["data"]
                self.ids.append(data.get("capsule_id") or data["id"])
        elif self.ids:
            getattr(self, f"_{act}")(self.ids[at % len(self.ids)])

    def _job(self, capsule: str) -> str | None:
        (row,) = self.served.sql(STATES, capsule) or [{"job_id": None}]
        return None if row["job_id"] is None else str(row["job_id"])

    def _begin(self, capsule: str) -> None:
        if job := self._job(capsule):
            begin(self.served, capsule, job)

    def _work(self, capsule: str, *, again: bool = False) -> None:
        """As the job does it: what is refused has failed."""
        job = self._job(capsule)
        if job is None:
            return
        try:
            wish = begin(self.served, capsule, job, again=again)
            if wish is not None:
                complete(self.served, capsule, job, wish)
                assert complete(self.served, capsule, job, wish) is None
        except QuotaExceeded as refusal:
            fail(self.served, capsule, job, refusal.code)

    def _fail(self, capsule: str) -> None:
        if job := self._job(capsule):
            fail(self.served, capsule, job)

    def _retry(self, capsule: str) -> None:
        self._work(capsule, again=True)

    def _lose(self, capsule: str) -> None:
        self.served.sql("UPDATE capsules SET updated_at = '2020-01-01' WHERE id = $1", capsule)
        self.served.sql(
            "UPDATE jobs SET outcome = 'cancelled', finished_at = now() WHERE payload->>'capsule' = $1", capsule
        )
        self.served.sql("DELETE FROM job_tickets t USING jobs j WHERE j.id = t.job_id AND j.outcome IS NOT NULL")
        mend(self.served, capsule)

    def _words(self, capsule: str) -> None:
        self._change(capsule, description="Other words.")

    def _file(self, capsule: str) -> None:
        self._change(capsule, files=[{"path": "own.txt", "content": "x" * 1000}])

    def _label(self, capsule: str) -> None:
        self._change(capsule, metadata={"a": 1})

    def _empty(self, capsule: str) -> None:
        """Remove each file that the capsule has or would be made of."""
        files = generate(wish_of(Said(WISH["project_name"], WISH["description"], WISH["tech_stack"], (), ())))
        self._change(capsule, files=[{"path": file.path, "content": None} for file in files])

    def _again(self, capsule: str) -> None:
        self._answered(self.client.post(f"{BASE}/{capsule}/versions", json={}))

    def _delete(self, capsule: str) -> None:
        self._answered(self.client.delete(f"{BASE}/{capsule}"))

    def _restore(self, capsule: str) -> None:
        self._answered(self.client.post(f"{BASE}/{capsule}/restore"))

    def _purge(self, capsule: str) -> None:
        self.served.sql(
            "UPDATE capsules SET deleted_at = '2020-01-01' WHERE id = $1 AND deleted_at IS NOT NULL", capsule
        )
        purge(self.served, capsule)

    def _change(self, capsule: str, **members: object) -> None:
        self._answered(self.client.patch(f"{BASE}/{capsule}", json=members))

    def _answered(self, answer: httpx.Response) -> None:
        assert answer.status_code < 500, answer.text

    def check(self) -> None:
        (counted,) = self.served.sql(RECOUNT)
        used = quotas(self.client)
        assert (used["capsules.capsules"], used["capsules.storage"]) == (counted["capsules"], counted["bytes"])
        assert counted["bytes"] == counted["written"] == counted["listed"]


@pytest.fixture(scope="module")
def small(house: House) -> Iterator[Served]:
    with house() as running:
        open_limit(running)
        give_plan(running, "four", capsules_capsules=4, capsules_storage=300_000)
        yield running


@settings(max_examples=8)
@given(st.lists(st.tuples(st.sampled_from(ACTS + ENDS), st.integers(0, 4)), min_size=3, max_size=8))
def test_quotas_are_what_is_there(small: Served, acts: list[tuple[str, int]]) -> None:
    """After each step of any sequence the used amounts equal a recount of capsules and of their files' bytes."""
    small.sql("TRUNCATE capsules, capsule_versions, capsule_files, capsule_contents")
    small.sql("DELETE FROM quota_uses")
    capsules = Capsules(small)
    for act, at in [("create", 0), ("order", 0), *acts]:
        capsules.do(act, at)
        capsules.check()


@pytest.mark.parametrize(
    "acts",
    [
        [("order", 0), ("fail", 0), ("empty", 0)],
        [("order", 0), ("delete", 0), ("restore", 0), ("again", 0), ("work", 0)],
        [("order", 0), ("fail", 0), ("delete", 0), ("restore", 0), ("words", 0)],
        [("order", 0), ("fail", 0), ("retry", 0), ("delete", 0), ("purge", 0)],
        [("order", 0), ("lose", 0), ("again", 0), ("lose", 0), ("file", 0), ("delete", 0)],
    ],
)
def test_sequences_that_are_rare(small: Served, acts: list[tuple[str, int]]) -> None:
    """The same for what is seldom drawn: failed before the first version and then emptied, deleted, tried again."""
    small.sql("TRUNCATE capsules, capsule_versions, capsule_files, capsule_contents")
    small.sql("DELETE FROM quota_uses")
    capsules = Capsules(small)
    for act, at in acts:
        capsules.do(act, at)
        capsules.check()
