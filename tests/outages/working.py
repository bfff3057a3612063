"""A job of the service, run here as a worker runs it."""

from uuid import UUID

from pydantic import BaseModel

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import enqueue
from esteio.jobs.kinds import JobKind
from esteio.jobs.runner import Runner
from esteio.resources import open_resources
from esteio.worker.assembly import Workshop


async def ran(workshop: Workshop, kind: JobKind[BaseModel], order: BaseModel) -> UUID:
    """Enqueue the job and run it to its end, whichever that is; its id."""
    async with open_resources(workshop.resources):
        async with transaction(workshop.resources.database, DEFAULT_TENANT) as session:
            job = await enqueue(session, kind, order, tenant=DEFAULT_TENANT, principal="scheduler")
        runner = Runner(
            resources=workshop.resources,
            settings=workshop.settings,
            job_settings=workshop.job_settings,
            jobs=workshop.jobs,
            worker="test",
            queues=["io"],
            slots_in_all=1,
            tell=workshop.tell,
            spread=workshop.spread,
        )
        await runner.work([job])
    return job
