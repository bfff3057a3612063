"""Outages as their sources report them."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.clock import Clock
from esteio.base.errors import NotFound, PreconditionFailed
from esteio.base.principal import Principal
from esteio.services.outages import records
from esteio.services.outages.ledger import Reported, enter
from esteio.services.outages.schemas import Report
from esteio.services.outages.views import OutageView

Source = Literal["api", "oms", "csv"]


async def report(
    *, caller: Principal, session: AsyncSession, clock: Clock, source: Source, reports: Sequence[Report]
) -> Reported:
    """Write the outages in a few statements, whatever their number; the same report again changes nothing.

    Of several reports of one outage the last counts. Tells `outage.changed` once where anything changed. An outage's
    source is that which last changed it. Who calls it once in a transaction never waits in a circle with others that
    report the same outages. Raises `Invalid` for the first report that has a flaw, before anything is written.
    """
    return await enter(session, caller, source, clock.now(), reports)


async def put_outage(
    *, caller: Principal, session: AsyncSession, clock: Clock, expected: int | None, data: Report
) -> tuple[OutageView, bool]:
    """The outage as the caller reports it, and whether it is new. Tells `outage.changed` where anything changed.

    Raises `Invalid`, and `PreconditionFailed` with the present outage when its version is not `expected`.
    """
    if expected is not None:
        try:
            await records.locked(session, data.external_id, expected)
        except NotFound as error:
            raise PreconditionFailed("There is no such outage, in any version.") from error
    entered = await enter(session, caller, "api", clock.now(), [data])
    return await records.present(session, data.external_id), bool(entered.created)
