"""Esteio's side of P9: its producer, and how one knows that the last job has ended."""

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from bench import programs
from bench.engines import Engines
from bench.workshop import Workshop
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.tenancy import SETTING

GLANCE, END_SECONDS = 0.02, 120
LIVING = "SELECT EXISTS (SELECT FROM job_tickets WHERE name LIKE 'bench.%')"
SUCCEEDED = f"""
SET {SETTING} = '{DEFAULT_TENANT}';
SELECT count(*) FROM jobs WHERE outcome = 'succeeded' AND name LIKE 'bench.%';
"""


@dataclass
class Durable:
    """Jobs of a kind, so many of them in each transaction."""

    engines: Engines
    workshop: Workshop
    kind: str
    jobs: int
    each: int
    _succeeded: int = 0

    def produce(self) -> dict[str, float]:
        self._succeeded = self._count()
        command = ("-m", "bench.job_producer", self.kind, str(self.jobs), str(self.each))
        return programs.told(command, self.workshop.environment)

    def ended(self) -> float:
        at = asyncio.run(self._await_end())
        succeeded = self._count() - self._succeeded
        if succeeded != self.jobs:
            raise SystemExit(f"{succeeded} of {self.jobs} jobs have succeeded")
        return at

    def cpu_spent(self) -> float:
        return self.workshop.cpu_spent()

    def _count(self) -> int:
        return int(self.engines.psql(SUCCEEDED, self.workshop.database))

    async def _await_end(self) -> float:
        """When no job of the kind lived any more, at most a glance late: the end of a job is its ending's commit."""
        connection = await asyncpg.connect(self.engines.database_url(self.workshop.database))
        deadline = time.monotonic() + END_SECONDS
        try:
            while await connection.fetchval(LIVING):
                if time.monotonic() > deadline:
                    raise SystemExit("Esteio did not run all of its jobs")
                await asyncio.sleep(GLANCE)
            return time.monotonic()
        finally:
            await connection.close()
