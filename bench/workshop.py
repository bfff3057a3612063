"""A database of its own with Esteio's tables, and the processes that carry and run jobs there."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from bench import programs
from bench.engines import Engines
from bench.programs import Program
from bench.subject import SECRET
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.settings import DatabaseSettings
from esteio.db.tenancy import SETTING
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import enqueue
from esteio.jobs.kinds import JobKind, Payload
from esteio.manifest import Manifest
from esteio.migrations.runner import migrate
from esteio.resources import Resources, open_resources
from esteio.runtime.opening import sections, service_folders
from esteio.settings import read_settings
from esteio.worker.assembly import open_workshop

PRINCIPAL = "user:bench"
GLANCE, END_SECONDS = 0.05, 300
ENDED = """
SELECT outcome, result, error, extract(epoch FROM finished_at - started_at)::float8 AS seconds
FROM jobs WHERE id = $1 AND outcome IS NOT NULL
"""


@dataclass(frozen=True)
class Ended:
    """How a job ended; `seconds` from its first claim to its end, as PostgreSQL's clock has them."""

    outcome: str
    seconds: float
    result: dict[str, Any] | None
    error: str | None


@dataclass(frozen=True)
class Workshop:
    """One worker process for the queue `io` and the scheduler, which carries."""

    worker: Program
    scheduler: Program
    environment: dict[str, str]
    database: str

    def cpu_spent(self) -> float:
        return self.worker.cpu_spent() + self.scheduler.cpu_spent()

    def done(self, engines: Engines, kind: JobKind[Payload], order: Payload) -> Ended:
        """Enqueue one job and wait for its end."""
        return asyncio.run(self._done(engines.database_url(self.database), kind, order))

    async def _done(self, url: str, kind: JobKind[Payload], order: Payload) -> Ended:
        resources = resources_of(self.environment)
        async with open_resources(resources), transaction(resources.database, DEFAULT_TENANT) as session:
            job = await enqueue(session, kind, order, tenant=DEFAULT_TENANT, principal=PRINCIPAL)
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("SELECT set_config($1, $2, false)", SETTING, str(DEFAULT_TENANT))
            async with asyncio.timeout(END_SECONDS):
                while (row := await connection.fetchrow(ENDED, job)) is None:  # noqa: ASYNC110 - another process's
                    await asyncio.sleep(GLANCE)
            return Ended(row["outcome"], row["seconds"], json.loads(row["result"] or "null"), row["error"])
        finally:
            await connection.close()


def prepare(engines: Engines, database: str, services: Sequence[Manifest]) -> None:
    """The database, with the tables of the house and of the services."""
    engines.psql(f"CREATE DATABASE {database}", "esteio")
    settings = DatabaseSettings.model_validate({"url": engines.database_url(database)})
    asyncio.run(migrate(settings, service_folders(services)))


def resources_of(environment: dict[str, str]) -> Resources:
    """What the harness itself does something with, as a process of the house would."""
    quiet = environment | {"ESTEIO_TELEMETRY__LOG_LEVEL": "warning"}
    return open_workshop("bench", read_settings(sections(()), environ=quiet), services=()).resources


@contextmanager
def opened(
    engines: Engines, database: str, redis_db: int, services: str | None = None, more: dict[str, str] | None = None
) -> Iterator[Workshop]:
    """`services` as `esteio worker --services` takes it, the shipped ones if none; `more` settings of the house."""
    environment = {
        "ESTEIO_SECRET_KEY": SECRET,
        "ESTEIO_DATABASE__URL": engines.database_url(database),
        "ESTEIO_REDIS__URL": engines.redis_url(redis_db),
        "ESTEIO_TELEMETRY__LOG_FORMAT": "json",
        **(more or {}),
    }
    named = () if services is None else ("--services", services)
    worker = ("-m", "esteio", "worker", "--queues", "io", *named)
    scheduler = ("-m", "esteio", "scheduler", *named)
    at = engines.directory
    with (
        programs.running(f"{database}-worker", worker, environment, at, '"worker.ready"') as working,
        programs.running(f"{database}-scheduler", scheduler, environment, at, '"scheduler.ready"') as carrying,
    ):
        yield Workshop(working, carrying, environment, database)
