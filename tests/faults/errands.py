"""What tests of real worker processes stand on: a database for them, orders, and what came of those."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from esteio.base.clock import SystemClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import Order, enqueue_all
from esteio.jobs.kinds import JobKind
from esteio.resources import open_resources
from esteio.runtime.opening import make_resources, sections
from esteio.settings import read_settings
from tests.faults.job_services import ERRAND, TABLE, Errand
from tests.house import environment, eventually, sql

SERVICES = "tests.faults.job_services:SERVICES"
OTHER = UUID("01900000-0000-7000-8000-00000000000b")
ENDS = 120.0
"""Seconds after which a test gives up waiting for jobs to end."""


@dataclass(frozen=True)
class Errands:
    """The orders of one deployment: `given` is the environment of its processes."""

    given: dict[str, str]

    @classmethod
    def on(cls, database_url: str, redis_url: str, **changes: str) -> "Errands":
        for statement in TABLE.split(";"):
            sql(database_url, statement)
        return cls(environment(database_url, redis_url, **changes))

    @property
    def url(self) -> str:
        return self.given["ESTEIO_DATABASE__URL"]

    async def order(
        self, errands: Sequence[Errand], *, tenant: UUID = DEFAULT_TENANT, kind: JobKind[Errand] = ERRAND
    ) -> list[UUID]:
        """Write them down in one transaction, as a use case does."""
        resources = make_resources(read_settings(sections(()), environ=self.given), SystemClock())
        async with open_resources(resources), transaction(resources.database, tenant, budget=60) as session:
            orders = [Order(errand) for errand in errands]
            return await enqueue_all(session, kind, orders, tenant=tenant, principal="user:test")

    def living(self) -> int:
        return int(sql(self.url, "SELECT count(*) FROM job_tickets")[0][0])

    def all_end(self, within: float = ENDS) -> None:
        """Wait until no job lives."""
        eventually(lambda: self.living() == 0, within, every=0.1)

    def wrote(self, stage: str = "done") -> dict[UUID, int]:
        """How many runs of each job wrote this."""
        rows = sql(self.url, "SELECT job, count(*) AS runs FROM wrote WHERE stage = $1 GROUP BY job", stage)
        return {row["job"]: row["runs"] for row in rows}

    def outcomes(self) -> dict[UUID, str | None]:
        """How each errand ended; what the house does for itself meanwhile is not looked at."""
        rows = sql(self.url, "SELECT id, outcome FROM jobs WHERE name LIKE 'errands.%'")
        return {row["id"]: row["outcome"] for row in rows}

    def each_done_once(self, jobs: Sequence[UUID]) -> None:
        """Every one of them succeeded, and exactly one run of each wrote its effect."""
        outcomes, wrote = self.outcomes(), self.wrote()
        assert {job: outcomes.get(job) for job in jobs if outcomes.get(job) != "succeeded"} == {}
        assert {job: wrote.get(job, 0) for job in jobs if wrote.get(job, 0) != 1} == {}
