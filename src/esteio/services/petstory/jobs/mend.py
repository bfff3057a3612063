"""Looking after orders whose jobs have ended without a word, and after what killed processes left on this machine."""

import asyncio
from uuid import UUID

from esteio.base.errors import Unavailable
from esteio.jobs.errors import LeaseLost
from esteio.jobs.run import Run
from esteio.services.petstory.jobs.acting import actor_of, section_of
from esteio.services.petstory.jobs.make_book import swept_folder
from esteio.services.petstory.tasks import SweepOrder, Swept
from esteio.services.petstory.use_cases import mending
from esteio.telemetry.logs import log

PORTION = 100


async def mend(run: Run, order: SweepOrder) -> Swept:
    """Each order in a transaction of its own: one that cannot be mended does not keep the others from it."""
    await asyncio.to_thread(swept_folder, run)
    swept, last = Swept(), None
    while portion := await _portion(run, last):
        for order_id in portion:
            swept.orders += await _one(run, order_id)
        last = portion[-1]
        run.progress(swept.orders)
    return swept


async def _portion(run: Run, after: UUID | None) -> list[UUID]:
    async with run.transaction() as session:
        return list(await mending.waiting(session, actor=actor_of(run), after=after, most=PORTION))


async def _one(run: Run, order_id: UUID) -> bool:
    try:
        async with run.transaction() as session:
            mended = await mending.mend(session, order_id, actor=actor_of(run), section=section_of(run))
    except (LeaseLost, Unavailable):
        raise
    except Exception:
        log("esteio.petstory").exception("petstory.order_not_mended", order=str(order_id))
        return False
    if mended:
        log("esteio.petstory").warning("petstory.order_mended", order=str(order_id))
    return mended
