"""Looking after the capsules of every organisation."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from esteio.base.errors import Unavailable
from esteio.db.transaction import touched, transaction
from esteio.jobs.retention import tenants
from esteio.jobs.run import Run
from esteio.services.capsules.jobs.acting import actor_of, section_of
from esteio.services.capsules.tasks import SweepOrder, Swept
from esteio.services.capsules.use_cases import sweeping
from esteio.telemetry.logs import log

MOST_MISSED = 3
"""Organisations one after the other for which the database did not answer: then it is the database."""


async def mend(run: Run, order: SweepOrder) -> Swept:
    """Each capsule in a transaction of its own: one that cannot be mended does not keep the others from it."""
    return await _everywhere(run, _mend)


async def purge(run: Run, order: SweepOrder) -> Swept:
    """Deleted capsules whose time is over, then the contents that nobody has any more."""
    return await _everywhere(run, _purge)


async def _everywhere(run: Run, work: Callable[[Run, UUID], Awaitable[int]]) -> Swept:
    """One organisation for which it fails does not keep the others from it: it is tried again with the next run."""
    swept, missed = Swept(), 0
    async for tenant in tenants(run.database):
        try:
            swept.capsules += await work(run, tenant)
            missed = 0
        except Unavailable as error:
            missed += 1
            log("esteio.capsules").warning("capsules.not_swept", tenant=str(tenant), cause=error.operator)
            if missed == MOST_MISSED:
                raise
        except Exception:
            log("esteio.capsules").exception("capsules.not_swept", tenant=str(tenant))
        run.progress(swept.capsules)
    return swept


async def _mend(run: Run, tenant: UUID) -> int:
    mended, last = 0, None
    while portion := await _waiting(run, tenant, last):
        for capsule in portion:
            mended += await _one(run, tenant, capsule)
        last = portion[-1]
    return mended


async def _waiting(run: Run, tenant: UUID, after: UUID | None) -> list[UUID]:
    async with transaction(run.database, tenant) as session:
        return list(await sweeping.waiting(session, now=run.clock.now(), after=after))


async def _one(run: Run, tenant: UUID, capsule: UUID) -> bool:
    actor = actor_of(run, tenant)
    try:
        async with transaction(run.database, tenant) as session:
            mended = await sweeping.mend(session, capsule, actor=actor, keyring=run.resources.keyring)
    except Unavailable:
        raise
    except Exception:
        log("esteio.capsules").exception("capsules.not_mended", capsule=str(capsule))
        return False
    if mended:
        await run.spread(tenant, touched(session))
        log("esteio.capsules").warning("capsules.job_lost", capsule=str(capsule))
    return mended


async def _purge(run: Run, tenant: UUID) -> int:
    purged, last = 0, None
    while portion := await _over(run, tenant, last):
        for capsule in portion:
            while await _purge_some(run, tenant, capsule):
                pass
        purged, last = purged + len(portion), portion[-1]
    behind: bytes | None = b""
    while behind is not None:
        async with transaction(run.database, tenant) as session:
            behind = await sweeping.purge_contents(session, now=run.clock.now(), behind=behind)
    return purged


async def _over(run: Run, tenant: UUID, after: UUID | None) -> list[UUID]:
    async with transaction(run.database, tenant) as session:
        return list(await sweeping.over(session, now=run.clock.now(), section=section_of(run), after=after))


async def _purge_some(run: Run, tenant: UUID, capsule: UUID) -> bool:
    async with transaction(run.database, tenant) as session:
        return await sweeping.purge(session, capsule, now=run.clock.now(), section=section_of(run))
